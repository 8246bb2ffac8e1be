package dev.temper.model;

import java.util.List;

/**
 * Where a block normalises. x is the block's input, A its attention, F its feed-forward network, n
 * its norms, r the residual scale.
 */
public enum NormPlacement {
  /** y = x + r A(n₁ x); y + r F(n₂ y). */
  PRE(Slot.ATTENTION_NORM, Slot.FEED_FORWARD_NORM),
  /** y = n₁(x + r A(x)); n₂(y + r F(y)): the original transformer, BERT. */
  POST(Slot.ATTENTION_OUTPUT_NORM, Slot.FEED_FORWARD_OUTPUT_NORM),
  /** y = x + r n₂ A(n₁ x); y + r n₄ F(n₃ y): Gemma 2. */
  SANDWICH(
      Slot.ATTENTION_NORM,
      Slot.ATTENTION_OUTPUT_NORM,
      Slot.FEED_FORWARD_NORM,
      Slot.FEED_FORWARD_OUTPUT_NORM),
  /** y = x + r n₁ A(x); y + r n₂ F(y): OLMo 2. */
  OUTPUT(Slot.ATTENTION_OUTPUT_NORM, Slot.FEED_FORWARD_OUTPUT_NORM),
  /** x + r A(n₁ x) + r F(n₂ x): GPT-NeoX. */
  PARALLEL(Slot.ATTENTION_NORM, Slot.FEED_FORWARD_NORM),
  /** x + r A(n x) + r F(n x), one norm for both: Phi-2, GPT-J. */
  PARALLEL_SHARED(Slot.ATTENTION_NORM);

  private final List<Slot> norms;

  NormPlacement(Slot... norms) {
    this.norms = List.of(norms);
  }

  /** The norms a block has. */
  List<Slot> norms() {
    return norms;
  }
}
