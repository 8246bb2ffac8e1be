package dev.temper.train.report;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The content of {@code run.json}: what a run was told, what it ran on and how it went. It holds no
 * host or user name.
 *
 * @param info what the run was told
 * @param status how far it has come
 * @param versions versions of Temper, Java, the operating system and what {@code info} names
 * @param sessions the processes that worked on it, at least one
 * @param metrics final metrics; empty until the run has ended
 */
public record RunRecord(
    RunInfo info,
    RunStatus status,
    Map<String, String> versions,
    List<RunSession> sessions,
    Map<String, Double> metrics) {
  /** Checks that everything is given, and copies it. */
  public RunRecord {
    requireNonNull(info, "info");
    requireNonNull(status, "status");
    versions = Collections.unmodifiableMap(new LinkedHashMap<>(versions));
    sessions = List.copyOf(sessions);
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    if (sessions.isEmpty()) {
      throw new IllegalArgumentException("RunRecord: a run has at least one session");
    }
  }

  /**
   * The time its sessions took together; sessions that have not ended or were killed do not count.
   */
  public Duration elapsed() {
    Duration sum = Duration.ZERO;
    for (RunSession session : sessions) {
      if (session.endedAt() != null) {
        sum = sum.plus(Duration.between(session.startedAt(), session.endedAt()));
      }
    }
    return sum;
  }
}
