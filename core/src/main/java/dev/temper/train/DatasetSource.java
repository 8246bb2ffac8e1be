package dev.temper.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.data.CursorState;
import dev.temper.data.DataCursor;
import dev.temper.data.DataException;
import dev.temper.data.Dataset;
import dev.temper.data.Origin;
import java.util.ArrayList;
import java.util.List;

/** Examples of a data set, {@code batchSize} a step, in the order of a cursor. */
public final class DatasetSource<E> implements Source<E> {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES);

  private final Dataset<E> data;
  private final DataCursor cursor;
  private final int batchSize;
  private long drawn;

  /** What {@link #state} says. */
  private record State(long drawn, CursorState cursor) {}

  /** Takes over the cursor. */
  public DatasetSource(Dataset<E> data, DataCursor cursor, int batchSize) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batchSize: " + batchSize + " must be at least 1");
    }
    this.data = data;
    this.cursor = cursor;
    this.batchSize = batchSize;
  }

  @Override
  public List<E> next() {
    List<E> out = new ArrayList<>();
    for (long i : cursor.next(batchSize)) {
      out.add(data.get(i));
    }
    drawn += batchSize;
    return out;
  }

  @Override
  public double epoch() {
    return (double) drawn / cursor.size();
  }

  @Override
  public String state() {
    try {
      return JSON.writeValueAsString(new State(drawn, cursor.state()));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws DataException if the state is not one of this class, or of other data
   */
  @Override
  public void resume(String state) {
    State saved;
    try {
      saved = JSON.readValue(state, State.class);
    } catch (JsonProcessingException e) {
      throw new DataException(
          Origin.memory("source state"), "not the state of a data source: " + e.getMessage(), e);
    }
    cursor.resume(saved.cursor());
    drawn = saved.drawn();
  }
}
