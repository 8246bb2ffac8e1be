package dev.temper.model;

/**
 * How the query, key and value projections lie in the file. A fused projection stays one {@link
 * Linear} under the file's name; its output is split.
 */
public enum Projections {
  /** Three linears. */
  SEPARATE,
  /** One linear; its output is all queries, then all keys, then all values (Phi-3, GPT-2). */
  FUSED,
  /**
   * One linear; its output holds, for each key-value head, that head's queries, its key and its
   * value (GPT-NeoX, Falcon).
   */
  INTERLEAVED
}
