package dev.temper.alignment;

import dev.temper.model.TokenBatch;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.Counts;
import dev.temper.train.Loss;
import dev.temper.train.LossOutput;
import dev.temper.train.Objective;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Scores both sides of pairs with a reward model and hands them to a loss. The prompt of a pair is
 * computed once for both, unless the model is an encoder, which has to read each side whole.
 *
 * <p>The metrics are TRL's. {@code mean_reward}, {@code accuracy} and {@code margin} are over the
 * whole step; {@code min_reward} and {@code max_reward} are, as in TRL, means of those of each
 * micro-batch.
 */
public record RewardObjective(RewardModel model, Loss<RewardPairs> loss)
    implements Objective<PairExample> {
  @Override
  public int tokens(PairExample example) {
    return example.size() + (readsWhole() ? example.prompt().length : 0);
  }

  @Override
  public String describe(PairExample example) {
    return example.origin().toString();
  }

  @Override
  public Counts counts(List<PairExample> step) {
    double tokens = step.stream().mapToDouble(this::tokens).sum();
    return new Counts(tokens, 2.0 * step.size(), step.size(), step.size());
  }

  @Override
  public LossOutput evaluate(List<PairExample> microBatch, Rng rng) {
    RewardPairs pairs = score(microBatch);
    return withMetrics(loss.compute(pairs), pairs);
  }

  /** The rewards of both sides of pairs; differentiable in the model. */
  public RewardPairs score(List<PairExample> pairs) {
    double[] margins = pairs.stream().mapToDouble(PairExample::margin).toArray();
    if (readsWhole()) {
      Tensor rewards =
          model.rewards(
              TokenBatch.of(
                  pairs.stream()
                      .flatMap(p -> Stream.of(joined(p, p.chosen()), joined(p, p.rejected())))
                      .toList()));
      return new RewardPairs(every(rewards, 2, 0), every(rewards, 2, 1), margins);
    }
    // Segments come in threes: the prompt and its two branches.
    Tensor rewards =
        model.rewards(
            CompletionBatch.of(pairs.stream().map(PairExample::branches).toList()).tokens());
    return new RewardPairs(every(rewards, 3, 1), every(rewards, 3, 2), margins);
  }

  private boolean readsWhole() {
    return model.classifier().spec().bidirectional();
  }

  private static int[] joined(PairExample pair, int[] completion) {
    return IntStream.concat(Arrays.stream(pair.prompt()), Arrays.stream(completion)).toArray();
  }

  private static Tensor every(Tensor rewards, int period, int first) {
    int count = Math.toIntExact(rewards.dim(0)) / period;
    int[] rows = IntStream.range(0, count).map(i -> i * period + first).toArray();
    return rewards.indexSelect(0, Tensors.ofInts(rows));
  }

  private static LossOutput withMetrics(LossOutput output, RewardPairs in) {
    return Autograd.off(
        () -> {
          double[] chosen = in.chosen().toDoubles();
          double[] rejected = in.rejected().toDoubles();
          double[] all = Stream.of(chosen, rejected).flatMapToDouble(Arrays::stream).toArray();
          int n = chosen.length;
          int right = (int) IntStream.range(0, n).filter(i -> chosen[i] > rejected[i]).count();
          double margin = Arrays.stream(chosen).sum() - Arrays.stream(rejected).sum();
          return output
              .metric("min_reward", Arrays.stream(all).min().orElse(0), 1)
              .metric("mean_reward", Arrays.stream(all).sum(), all.length)
              .metric("max_reward", Arrays.stream(all).max().orElse(0), 1)
              .metric("accuracy", (double) right, n)
              .metric("margin", margin, n);
        });
  }
}
