package dev.temper.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What every typed row carries besides its content.
 *
 * @param origin where the row stands, for messages
 * @param weight weight of the example in the loss, from the column {@code weight}: finite, at least
 *     0; 1 without the column
 * @param extras the columns that the type of row does not use, in file order, to be copied through
 *     to outputs; may hold null values
 */
public record RowInfo(Origin origin, double weight, Map<String, @Nullable Object> extras) {
  /** Checks the weight and copies the map. */
  public RowInfo {
    if (!(weight >= 0) || Double.isInfinite(weight)) {
      throw new DataException(
          origin, "column \"weight\" is " + weight + "; it must be a finite number, 0 or more");
    }
    extras = Collections.unmodifiableMap(new LinkedHashMap<>(extras));
  }

  /** Weight 1 and no further columns. */
  public static RowInfo of(Origin origin) {
    return new RowInfo(origin, 1, Map.of());
  }

  /** The same with other extras. */
  public RowInfo withExtras(Map<String, @Nullable Object> others) {
    return new RowInfo(origin, weight, others);
  }
}
