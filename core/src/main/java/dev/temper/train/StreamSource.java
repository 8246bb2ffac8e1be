package dev.temper.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.data.DataException;
import dev.temper.data.Origin;
import dev.temper.data.ShuffleBuffer;
import dev.temper.data.TypedRow;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Examples of data that does not fit in memory: rows are read, mixed within a buffer and encoded as
 * they are drawn, {@code batchSize} a step.
 *
 * @param <R> type of a row
 * @param <E> an example
 */
public final class StreamSource<R extends TypedRow, E> implements Source<E>, AutoCloseable {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES);

  private final ShuffleBuffer<R> rows;
  private final Function<? super R, ? extends E> encode;
  private final int batchSize;
  private long passSize;

  /** What {@link #state} says. */
  private record State(long passSize, ShuffleBuffer.State rows) {}

  /** Takes over the rows. */
  public StreamSource(
      ShuffleBuffer<R> rows, Function<? super R, ? extends E> encode, int batchSize) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batchSize: " + batchSize + " must be at least 1");
    }
    this.rows = rows;
    this.encode = encode;
    this.batchSize = batchSize;
  }

  @Override
  public List<E> next() {
    List<E> out = new ArrayList<>();
    while (out.size() < batchSize) {
      ShuffleBuffer.State before = rows.state();
      R row = rows.next();
      if (rows.state().epoch() > before.epoch()) {
        passSize = before.given();
      }
      out.add(encode.apply(row));
    }
    return out;
  }

  /** Whole passes only until the first is complete: before that the size of a pass is not known. */
  @Override
  public double epoch() {
    ShuffleBuffer.State at = rows.state();
    return at.epoch() + (passSize == 0 ? 0 : (double) at.given() / passSize);
  }

  @Override
  public String state() {
    try {
      return JSON.writeValueAsString(new State(passSize, rows.state()));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws DataException if the state is not one of this class, or the data has fewer rows than it
   *     had
   */
  @Override
  public void resume(String state) {
    State saved;
    try {
      saved = JSON.readValue(state, State.class);
    } catch (JsonProcessingException e) {
      throw new DataException(
          Origin.memory("source state"),
          "not the state of a streamed source: " + e.getMessage(),
          e);
    }
    rows.resume(saved.rows());
    passSize = saved.passSize();
  }

  @Override
  public void close() {
    rows.close();
  }
}
