package dev.temper.data;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Rows of files that do not fit in memory, in passes without end, mixed within a buffer.
 *
 * <p>The buffer holds {@code size} rows; each time one of them, chosen at random, is given out and
 * the next one read takes its place. Size 1 keeps the order of the files. The order is a function
 * of seed, pass and data alone.
 *
 * <p>The place is two numbers ({@link State}); going back to it reads the files of that pass again
 * up to it, without keeping more than the buffer.
 *
 * @param <R> type of a row
 */
public final class ShuffleBuffer<R extends TypedRow> implements AutoCloseable {
  private final Supplier<TypedRows.Reader<R>> files;
  private final int size;
  private final long seed;
  private final List<R> buffer = new ArrayList<>();
  private TypedRows.@Nullable Reader<R> reader;
  private long epoch;
  private long given;

  /**
   * A stream over the rows that {@code files} opens for every pass.
   *
   * @param size rows held, at least 1
   */
  public ShuffleBuffer(Supplier<TypedRows.Reader<R>> files, int size, long seed) {
    if (size < 1) {
      throw new IllegalArgumentException("size: " + size + " must be at least 1 row");
    }
    this.files = files;
    this.size = size;
    this.seed = seed;
  }

  /**
   * Where a stream is.
   *
   * @param epoch passes that are complete
   * @param given rows given out in the pass that has begun
   */
  public record State(long epoch, long given) {
    /** Checks the ranges. */
    public State {
      if (epoch < 0 || given < 0) {
        throw new DataException(
            "state of a stream: epoch " + epoch + ", given " + given + " must not be negative");
      }
    }
  }

  /**
   * The next row; after the last one of a pass, the first of the next.
   *
   * @throws DataException if the data has no row, or a row is malformed
   */
  public R next() {
    R row = within();
    if (row == null) {
      if (given == 0) {
        throw new DataException("the data has no rows to stream");
      }
      begin(epoch + 1);
      row = within();
      if (row == null) {
        throw new DataException("the data has no rows any more; it changed since the last pass");
      }
    }
    return row;
  }

  /** The place. */
  public State state() {
    return new State(epoch, given);
  }

  /**
   * Goes to a saved place.
   *
   * @throws DataException if the data has fewer rows than were given out
   */
  public void resume(State state) {
    begin(state.epoch());
    while (given < state.given()) {
      if (within() == null) {
        throw new DataException(
            "cannot resume: "
                + state.given()
                + " rows were given in this pass, but the data has "
                + given
                + "; use the same data");
      }
    }
  }

  @Override
  public void close() {
    if (reader != null) {
      reader.close();
      reader = null;
    }
    buffer.clear();
  }

  private void begin(long pass) {
    close();
    epoch = pass;
    given = 0;
  }

  /** The next row of this pass, or null after its last. */
  private @Nullable R within() {
    TypedRows.Reader<R> source = reader;
    if (source == null) {
      source = files.get();
      reader = source;
    }
    for (R row; buffer.size() < size && (row = source.next()) != null; ) {
      buffer.add(row);
    }
    if (buffer.isEmpty()) {
      return null;
    }
    int at =
        (int) Long.remainderUnsigned(Hash64.hash(Hash64.hash(seed, epoch), given), buffer.size());
    R row = buffer.get(at);
    R last = buffer.remove(buffer.size() - 1);
    if (at < buffer.size()) {
      buffer.set(at, last);
    }
    given++;
    return row;
  }
}
