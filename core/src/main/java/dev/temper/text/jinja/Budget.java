package dev.temper.text.jinja;

/**
 * What is left of the {@link JinjaLimits} in one rendering. Confined to the thread that renders.
 */
final class Budget {
  private static final int SLOT = 16;

  private final JinjaLimits limits;
  private long steps;
  private long allocated;
  private int depth;

  Budget(JinjaLimits limits) {
    this.limits = limits;
  }

  /** Counts work that grows with {@code n}. */
  void steps(long n) {
    steps += n;
    if (steps > limits.steps()) {
      throw JinjaException.overflow(
          "the template did not finish within " + limits.steps() + " steps");
    }
  }

  /** Counts {@code n} characters about to be created. Called before the allocation. */
  void chars(long n) {
    allocated += n;
    if (n < 0 || allocated > limits.allocation()) {
      throw JinjaException.overflow(
          "the template created more than " + limits.allocation() + " characters of text");
    }
  }

  /** Counts a list or dict of {@code n} items about to be created. Called before the allocation. */
  void items(long n) {
    steps(n);
    chars(n < 0 ? -1 : SLOT * (n + 1));
  }

  /** Enters one level of nesting; {@link #leave} must follow in a finally block. */
  void enter() {
    if (depth >= limits.depth()) {
      throw JinjaException.recursion();
    }
    depth++;
    steps(1);
  }

  void leave() {
    depth--;
  }
}
