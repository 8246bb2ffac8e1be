package dev.temper.model;

/** How the weights of the linears of the blocks lie in the file and in memory. */
public enum LinearLayout {
  /** W [out, in]: y = x Wᵀ. */
  OUT_IN,
  /** W [in, out]: y = x W; GPT-2's {@code Conv1D}, PEFT's {@code fan_in_fan_out}. */
  IN_OUT
}
