package dev.temper.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Between the two ways a BPE vocabulary says which pair is merged first: SentencePiece's score of
 * the result, and tokenizer.json's list of pairs.
 *
 * <p>Both give the same tokens as long as the results have different scores. Where two pairs have
 * the same result, SentencePiece takes the leftmost in the text and the list the first, here the
 * one with the longer left part, as Hugging Face's own conversion does.
 */
final class ScoredMerges {
  /** A pair to merge. */
  record Merge(String left, String right) {}

  private record Ranked(Merge merge, float score) {}

  private ScoredMerges() {}

  /** Every split of a token into two others, best score first. */
  static List<Merge> of(GgufVocabulary v) {
    Set<String> pieces = new HashSet<>();
    for (int id = 0; id < v.tokens().size(); id++) {
      if (mergeable(v.types()[id])) {
        pieces.add(v.tokens().get(id));
      }
    }
    List<Ranked> all = new ArrayList<>();
    for (int id = 0; id < v.tokens().size(); id++) {
      String token = v.tokens().get(id);
      if (!mergeable(v.types()[id])) {
        continue;
      }
      for (int at = token.length() - 1; at > 0; at--) {
        if (!Character.isLowSurrogate(token.charAt(at))) {
          String left = token.substring(0, at);
          String right = token.substring(at);
          if (pieces.contains(left) && pieces.contains(right)) {
            all.add(new Ranked(new Merge(left, right), v.scores()[id]));
          }
        }
      }
    }
    // Stable: equal scores keep the order of ids, and within a token the longer left part first.
    all.sort(Comparator.comparing(Ranked::score, Comparator.reverseOrder()));
    return all.stream().map(Ranked::merge).toList();
  }

  private static boolean mergeable(int type) {
    return type == GgufVocabulary.NORMAL;
  }

  /**
   * Scores that give a list of merges its order back: minus the place, among the results, where a
   * token is first merged; tokens that no merge makes come after.
   */
  static float[] scores(List<String> tokens, int[] types, List<Merge> merges) {
    Map<String, Integer> places = new HashMap<>();
    for (Merge m : merges) {
      places.putIfAbsent(m.left() + m.right(), places.size() + 1);
    }
    float[] out = new float[tokens.size()];
    int next = places.size();
    for (int id = 0; id < out.length; id++) {
      if (mergeable(types[id])) {
        Integer place = places.get(tokens.get(id));
        out[id] = -(place == null ? ++next : place);
      }
    }
    return out;
  }
}
