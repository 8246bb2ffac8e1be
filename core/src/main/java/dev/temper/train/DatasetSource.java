package dev.temper.train;

import dev.temper.data.CursorState;
import dev.temper.data.DataCursor;
import dev.temper.data.Dataset;
import java.util.ArrayList;
import java.util.List;

/** Examples of a data set, {@code batchSize} a step, in the order of a cursor. */
public final class DatasetSource<E> implements Source<E> {
  private final Dataset<E> data;
  private final DataCursor cursor;
  private final int batchSize;
  private long drawn;

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
    return "{\"drawn\":" + drawn + ",\"cursor\":" + cursor.state().toJson() + "}";
  }

  @Override
  public void resume(String state) {
    int comma = state.indexOf(",\"cursor\":");
    drawn = Long.parseLong(state.substring("{\"drawn\":".length(), comma));
    cursor.resume(
        CursorState.fromJson(state.substring(comma + ",\"cursor\":".length(), state.length() - 1)));
  }
}
