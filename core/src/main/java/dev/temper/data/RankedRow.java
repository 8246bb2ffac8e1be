package dev.temper.data;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A prompt with completions that have scores: ratings, votes, or ranks turned round.
 *
 * @param prompt given
 * @param completions at least one, in the order of the data
 * @param context tools and template variables, for messages
 * @param info origin, weight and unused columns
 */
public record RankedRow(Passage prompt, List<Scored> completions, ChatContext context, RowInfo info)
    implements TypedRow {
  /** Copies the list and checks that all passages are of the same kind. */
  public RankedRow {
    completions = List.copyOf(completions);
    if (completions.isEmpty()) {
      throw new DataException(info.origin(), "a ranked row needs at least one completion");
    }
    for (Scored scored : completions) {
      Passage.checkSameKind(info.origin(), Map.of("completion", scored.completion()), prompt);
    }
  }

  /**
   * A completion and how good it is.
   *
   * @param completion text or messages
   * @param score finite; higher is better. Of data with ranks, minus the rank
   */
  public record Scored(Passage completion, double score) {
    /** Checks the score. */
    public Scored {
      if (!Double.isFinite(score)) {
        throw new IllegalArgumentException("score: " + score + " must be finite");
      }
      score += 0.0; // no -0.0, which would rank below 0
    }
  }

  /** The completions from best to worst; equal ones keep their order. */
  public List<Scored> ranking() {
    return completions.stream()
        .sorted(Comparator.comparingDouble(Scored::score).reversed())
        .toList();
  }

  /**
   * Every pair of which one completion has the higher score, by the order of the ranking: best
   * against second, best against third, ..., second against third, ... Ties give no pair, so a row
   * may give none. k completions give up to k(k-1)/2 pairs (Ouyang et al. 2022, section 3.5).
   */
  public List<PairRow> pairs() {
    List<Scored> ranking = ranking();
    List<PairRow> pairs = new ArrayList<>();
    for (int i = 0; i < ranking.size(); i++) {
      for (int j = i + 1; j < ranking.size(); j++) {
        if (ranking.get(i).score() > ranking.get(j).score()) {
          pairs.add(pair(ranking.get(i), ranking.get(j)));
        }
      }
    }
    return List.copyOf(pairs);
  }

  /** The best against the worst completion; none if all are equal. */
  public List<PairRow> extremes() {
    List<Scored> ranking = ranking();
    Scored best = ranking.get(0);
    Scored worst = ranking.get(ranking.size() - 1);
    return best.score() > worst.score() ? List.of(pair(best, worst)) : List.of();
  }

  /** The prompt with its best completion, to fine-tune on; the first of several. */
  public PromptCompletionRow best() {
    return new PromptCompletionRow(prompt, ranking().get(0).completion(), context, info);
  }

  private PairRow pair(Scored chosen, Scored rejected) {
    return new PairRow(
        prompt,
        chosen.completion(),
        rejected.completion(),
        PreferenceScores.of(chosen.score(), rejected.score()),
        context,
        info);
  }
}
