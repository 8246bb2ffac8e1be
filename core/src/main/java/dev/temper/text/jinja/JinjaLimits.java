package dev.temper.text.jinja;

/**
 * What one rendering may use. A template comes with a model, so it is not trusted: whatever it
 * does, it ends, and it ends within these bounds.
 *
 * @param steps evaluated expressions, executed statements and visited items
 * @param allocation characters of text and slots of lists created in total, counting what is
 *     dropped again
 * @param depth nesting of expressions, statements, macro calls and data
 */
public record JinjaLimits(long steps, long allocation, int depth) {
  /** Enough for chats of a million tokens: 20 million steps, 100 million characters, depth 1200. */
  public static final JinjaLimits DEFAULT = new JinjaLimits(20_000_000L, 100_000_000L, 1200);

  /** Checks the bounds. */
  public JinjaLimits {
    if (steps < 1 || allocation < 1 || depth < 1) {
      throw new IllegalArgumentException(
          "JinjaLimits: steps, allocation and depth must be at least 1, got "
              + steps
              + ", "
              + allocation
              + ", "
              + depth);
    }
  }
}
