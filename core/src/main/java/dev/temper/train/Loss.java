package dev.temper.train;

/**
 * A loss: a pure function from typed inputs to unreduced values and weights. It never sees a model
 * and never averages: only the loop reduces, over the whole optimizer step.
 *
 * @param <I> what the loss looks at, for example {@link TokenScores}
 */
@FunctionalInterface
public interface Loss<I> {
  /** The unreduced terms. */
  LossOutput compute(I input);

  /** This loss plus {@code weight} times another on the same inputs. */
  default Loss<I> plus(double weight, Loss<? super I> other) {
    return input -> compute(input).plus(other.compute(input).scaled(weight));
  }
}
