package dev.temper.data;

/** The order of the examples within a pass. */
public sealed interface DataOrder {
  /** As they stand in the data, every pass the same. */
  record AsIs() implements DataOrder {}

  /**
   * Shuffled, every pass anew: the order is a function of seed, pass and number of examples alone.
   *
   * @param seed any number
   */
  record Shuffled(long seed) implements DataOrder {}

  /** As they stand in the data. */
  static DataOrder asIs() {
    return new AsIs();
  }

  /** Shuffled by a seed. */
  static DataOrder shuffled(long seed) {
    return new Shuffled(seed);
  }
}
