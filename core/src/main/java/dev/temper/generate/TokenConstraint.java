package dev.temper.generate;

/**
 * A constraint that follows each sequence: a grammar, a set of choices, a budget. Its state is a
 * value; the sequence it belongs to is kept by the caller, so rows may be dropped, reordered by
 * beam search and taken back by speculative decoding.
 *
 * <pre>{@code
 * record Alternate(int a, int b) implements TokenConstraint<Boolean> {
 *   public Boolean start() { return true; }
 *   public Boolean next(Boolean wasA, int token) { return !wasA; }
 *   public void apply(Boolean isA, float[] logits) {
 *     logits[isA ? b : a] = Float.NEGATIVE_INFINITY;
 *   }
 * }
 * options.constraint(new Alternate(5, 6).processor())
 * }</pre>
 *
 * @param <S> an immutable state
 */
public interface TokenConstraint<S> {
  /** The state before the first generated token. */
  S start();

  /** The state after one more generated token. */
  S next(S state, int token);

  /**
   * Bans tokens or changes their logits, in place.
   *
   * @param logits [V]
   */
  void apply(S state, float[] logits);

  /** This constraint as a processor, for any number of sequences and threads. */
  default LogitsProcessor processor() {
    return new ConstraintProcessor<>(this);
  }
}
