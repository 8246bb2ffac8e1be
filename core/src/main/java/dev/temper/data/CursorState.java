package dev.temper.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;

/**
 * The place of a {@link DataCursor}: all that is needed to go on, whatever the size of the data.
 *
 * @param seed seed of the order
 * @param epoch passes that are complete
 * @param position examples taken in the pass that has begun
 * @param sizes sizes of the data sets the cursor runs over, to notice that the data has changed
 * @param drawn for a mixture, how many examples each data set has given so far, in all passes; else
 *     empty
 */
public record CursorState(
    long seed, long epoch, long position, List<Long> sizes, List<Long> drawn) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES);

  /** Checks the ranges. */
  public CursorState {
    sizes = List.copyOf(sizes);
    drawn = List.copyOf(drawn);
    if (epoch < 0 || position < 0 || drawn.stream().anyMatch(n -> n < 0)) {
      throw new DataException(
          "cursor state: epoch "
              + epoch
              + ", position "
              + position
              + ", drawn "
              + drawn
              + " must not be negative");
    }
  }

  /** As a JSON object. */
  public String toJson() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws DataException if it is something else
   */
  public static CursorState fromJson(String json) {
    try {
      return JSON.readValue(json, CursorState.class);
    } catch (JsonProcessingException | NullPointerException e) {
      throw new DataException(
          Origin.memory("cursor state"), "not the state of a data cursor: " + e.getMessage(), e);
    }
  }
}
