package dev.temper.generate;

import java.util.List;

/**
 * Changes the logits of the next token before one is chosen: a temperature, a filter, a penalty, a
 * constraint.
 *
 * <p>Processors work in place on one row, so that a vocabulary of 150,000 entries is not copied for
 * each of them. A processor bans a token by setting its logit to negative infinity; it never
 * shortens the row. A processor that filters keeps at least one token that was not banned before.
 *
 * <p>The processors of this package are records: immutable, and safe to share between sequences and
 * threads. One's own should be too; whatever depends on the sequence can be derived from the {@link
 * TokenContext}.
 */
@FunctionalInterface
public interface LogitsProcessor {
  /**
   * Processes one row in place.
   *
   * @param logits [V], unnormalised log-probabilities of the next token; banned tokens are negative
   *     infinity, nothing is NaN
   * @param context the ids before the next token: prompt and generated so far
   */
  void process(float[] logits, TokenContext context);

  /** This processor, then another one. */
  default LogitsProcessor then(LogitsProcessor next) {
    return chain(List.of(this, next));
  }

  /** Several processors one after the other, the first one first. An empty list changes nothing. */
  static LogitsProcessor chain(List<? extends LogitsProcessor> processors) {
    List<LogitsProcessor> copy = List.copyOf(processors);
    return (logits, context) -> {
      for (LogitsProcessor processor : copy) {
        processor.process(logits, context);
      }
    };
  }
}
