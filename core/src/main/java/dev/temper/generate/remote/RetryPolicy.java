package dev.temper.generate.remote;

import java.time.Duration;

/**
 * How often and after what pause a failed request is sent again: after connection failures,
 * time-outs, and the statuses 408, 429 and 500 to 599 except 501.
 *
 * <p>The pause before retry n is drawn uniformly from 0 to {@code min(maxDelay, baseDelay · 2ⁿ⁻¹)}
 * ("full jitter"), but is at least what the server's {@code Retry-After} says. A request that has
 * already delivered streamed text is never sent again.
 *
 * @param attempts sends of one request, the first included; at least 1
 * @param baseDelay greater than 0
 * @param maxDelay at least {@code baseDelay}
 * @param maxRetryAfter a server that asks for a longer pause is given up
 */
public record RetryPolicy(
    int attempts, Duration baseDelay, Duration maxDelay, Duration maxRetryAfter) {
  /** Checks the settings. */
  public RetryPolicy {
    if (attempts < 1) {
      throw new IllegalArgumentException(
          "attempts is " + attempts + ", must be 1 or more: 1 never retries");
    }
    Durations.positive("base delay", baseDelay);
    Durations.positive("longest Retry-After", maxRetryAfter);
    if (maxDelay.compareTo(baseDelay) < 0) {
      throw new IllegalArgumentException(
          "max delay is "
              + maxDelay
              + ", must be at least the base delay "
              + baseDelay
              + ": raise it");
    }
  }

  /** Five attempts, pauses from half a second to 30 seconds, {@code Retry-After} up to a minute. */
  public static RetryPolicy standard() {
    return new RetryPolicy(
        5, Duration.ofMillis(500), Duration.ofSeconds(30), Duration.ofSeconds(60));
  }

  /** One attempt. */
  public static RetryPolicy never() {
    return new RetryPolicy(
        1, Duration.ofMillis(500), Duration.ofSeconds(30), Duration.ofSeconds(60));
  }

  /**
   * The pause before another attempt.
   *
   * @param failures failed attempts so far, at least 1
   * @param u uniform in [0, 1)
   * @param retryAfter what the server asked for; zero if nothing
   */
  Duration delay(int failures, double u, Duration retryAfter) {
    double limit =
        Math.min(
            (double) maxDelay.toMillis(),
            (double) baseDelay.toMillis() * Math.pow(2, failures - 1.0));
    Duration jittered = Duration.ofMillis((long) (u * limit));
    return jittered.compareTo(retryAfter) > 0 ? jittered : retryAfter;
  }

  static boolean isRetryable(int status) {
    return status == 408 || status == 429 || (status >= 500 && status != 501);
  }
}
