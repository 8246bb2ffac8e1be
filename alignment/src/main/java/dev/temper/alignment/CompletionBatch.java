package dev.temper.alignment;

import dev.temper.model.CausalLm;
import dev.temper.model.LogProbs;
import dev.temper.model.Segments;
import dev.temper.model.TokenBatch;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * Completions laid out for one forward pass: each prompt once, its completions as branches of it.
 *
 * @param tokens the flat batch
 * @param predictors row of the flat batch that predicts each completion token [R]
 * @param targets the completion tokens, completion after completion [R]
 * @param sequences which completion each belongs to [R]
 * @param count completions
 * @param groups the prompts and completions themselves, in the order of the above
 */
public record CompletionBatch(
    TokenBatch tokens,
    long[] predictors,
    int[] targets,
    int[] sequences,
    int count,
    List<Branches> groups) {
  /**
   * A prompt and what may follow it.
   *
   * @param prompt at least one token
   * @param completions each at least one token
   */
  public record Branches(int[] prompt, List<int[]> completions) {
    /** Checks that there is something to predict from and something to predict. */
    public Branches {
      completions = List.copyOf(completions);
      if (prompt.length == 0) {
        throw new IllegalArgumentException("a prompt needs at least one token");
      }
      for (int[] c : completions) {
        if (c.length == 0) {
          throw new IllegalArgumentException("a completion needs at least one token");
        }
      }
    }

    /** Tokens of the flat batch these branches take. */
    public int size() {
      return prompt.length + completions.stream().mapToInt(c -> c.length).sum();
    }
  }

  /** Lays out prompts and their completions, in order. */
  public static CompletionBatch of(List<Branches> groups) {
    List<int[]> parts = new ArrayList<>();
    List<Integer> prefixes = new ArrayList<>();
    List<Long> predictors = new ArrayList<>();
    List<Integer> targets = new ArrayList<>();
    List<Integer> sequences = new ArrayList<>();
    int sequence = 0;
    long at = 0;
    for (Branches group : groups) {
      int promptSegment = parts.size();
      parts.add(group.prompt());
      prefixes.add(-1);
      at += group.prompt().length;
      long lastOfPrompt = at - 1;
      for (int[] completion : group.completions()) {
        parts.add(completion);
        prefixes.add(promptSegment);
        for (int t = 0; t < completion.length; t++) {
          predictors.add(t == 0 ? lastOfPrompt : at + t - 1);
          targets.add(completion[t]);
          sequences.add(sequence);
        }
        at += completion.length;
        sequence++;
      }
    }
    Segments lengths = Segments.ofLengths(parts.stream().mapToInt(p -> p.length).toArray());
    Segments segments = new Segments(lengths.starts(), lengths.ends(), ints(prefixes));
    return new CompletionBatch(
        TokenBatch.of(parts, segments),
        predictors.stream().mapToLong(Long::longValue).toArray(),
        ints(targets),
        ints(sequences),
        sequence,
        List.copyOf(groups));
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Final hidden states of the rows that predict a completion token [R, D]. */
  public Tensor hidden(CausalLm model) {
    return model.hidden(tokens).indexSelect(0, Tensors.of(predictors));
  }

  /** ln p of every completion token [R]. */
  public Tensor logProbs(CausalLm model) {
    return LogProbs.of(model.head(), hidden(model), targets);
  }

  /** The scores of some of the completions, given the log-probabilities of all tokens. */
  SequenceScores select(Tensor logProbs, IntPredicate wanted) {
    return select(logProbs, Map.of(), wanted);
  }

  /** The scores of some of the completions, given what is known of all tokens. */
  SequenceScores select(
      Tensor logProbs, Map<TokenStatistic, Tensor> statistics, IntPredicate wanted) {
    int[] position = new int[count];
    int kept = 0;
    for (int s = 0; s < count; s++) {
      position[s] = wanted.test(s) ? kept++ : -1;
    }
    List<Integer> rows = new ArrayList<>();
    List<Integer> owners = new ArrayList<>();
    for (int r = 0; r < sequences.length; r++) {
      if (position[sequences[r]] >= 0) {
        rows.add(r);
        owners.add(position[sequences[r]]);
      }
    }
    Tensor chosen = Tensors.ofInts(ints(rows));
    Map<TokenStatistic, Tensor> theirs = new LinkedHashMap<>();
    statistics.forEach((s, values) -> theirs.put(s, values.indexSelect(0, chosen)));
    return SequenceScores.ofTokens(logProbs.indexSelect(0, chosen), ints(owners), kept)
        .withStatistics(theirs);
  }
}
