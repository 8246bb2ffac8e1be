package dev.temper.data;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A data file and, if files are to be mixed, its sampling weight.
 *
 * @param file the file
 * @param weight positive and finite; only ratios between files count. Empty: the file is not
 *     sampled but read whole
 */
public record DataSource(Path file, OptionalDouble weight) {
  private static final Pattern WEIGHTED =
      Pattern.compile("(.+):([0-9]*\\.?[0-9]+(?:[eE][-+]?[0-9]+)?)");

  /** Checks the weight. */
  public DataSource {
    if (weight.isPresent()
        && (!(weight.getAsDouble() > 0) || Double.isInfinite(weight.getAsDouble()))) {
      throw new DataException(
          file
              + ": weight "
              + weight.getAsDouble()
              + " must be positive and finite (leave out a file of weight 0)");
    }
  }

  /**
   * Reads {@code a.jsonl} or {@code a.jsonl:0.7}: what follows the last colon is a weight if it is
   * a number.
   */
  public static DataSource parse(String text) {
    Matcher matcher = WEIGHTED.matcher(text);
    return matcher.matches()
        ? new DataSource(
            Path.of(matcher.group(1)), OptionalDouble.of(Double.parseDouble(matcher.group(2))))
        : new DataSource(Path.of(text), OptionalDouble.empty());
  }

  /**
   * The cursor over several files: a mixture if they have weights, each pass through all of them if
   * they have none. A pass over a mixture is as many examples as the files have together.
   *
   * @param sources at least one
   * @param sizes number of examples of each
   * @param order order of the examples
   * @param seed decides which file comes when, in a mixture
   * @throws DataException if some have a weight and some have none
   */
  public static DataCursor cursor(
      List<DataSource> sources, List<Long> sizes, DataOrder order, long seed) {
    return cursor(sources, sizes, order, seed, StopRule.TOTAL_SIZE);
  }

  /**
   * As the other, with a choice of what a pass over a mixture is.
   *
   * @param stop is of no meaning for files without weights
   */
  public static DataCursor cursor(
      List<DataSource> sources, List<Long> sizes, DataOrder order, long seed, StopRule stop) {
    if (sources.size() != sizes.size()) {
      throw new IllegalArgumentException(
          "sizes: " + sizes.size() + " for " + sources.size() + " sources; give one for each");
    }
    long weighted = sources.stream().filter(source -> source.weight().isPresent()).count();
    if (weighted == 0) {
      return DataCursor.concat(sizes, order);
    }
    if (weighted < sources.size()) {
      DataSource without =
          sources.stream().filter(source -> source.weight().isEmpty()).findFirst().orElseThrow();
      throw new DataException(
          without.file()
              + ": has no weight, but other files have; write a weight for all (a.jsonl:0.7) or for none");
    }
    return DataCursor.mixture(
        sizes,
        sources.stream().map(source -> source.weight().orElseThrow()).toList(),
        order,
        seed,
        stop);
  }
}
