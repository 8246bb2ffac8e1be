package dev.temper.train.report;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One process that worked on a run: the first one, and one for each time it was resumed.
 *
 * @param fromStep the optimizer steps completed when it began
 * @param startedAt when it began
 * @param endedAt when it ended; null while it runs, and if it was killed
 */
public record RunSession(long fromStep, Instant startedAt, @Nullable Instant endedAt) {
  /** Checks the range. */
  public RunSession {
    requireNonNull(startedAt, "startedAt");
    if (fromStep < 0) {
      throw new IllegalArgumentException(
          "RunSession: fromStep must be at least 0, got " + fromStep);
    }
  }
}
