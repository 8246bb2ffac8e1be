package dev.temper.generate.remote;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends requests: bounded in number, time and size, repeated after failures. Redirects are not
 * followed, so the key goes to no other server.
 */
final class Transport implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Transport.class);
  private static final int MAX_ERROR_BYTES = 1 << 16;

  /** Lets time pass. */
  @FunctionalInterface
  interface Sleeper {
    void sleep(Duration time) throws InterruptedException;
  }

  private final RemoteSettings settings;
  private final Optional<ApiKey> key;
  private final Sleeper sleeper;
  private final DoubleSupplier jitter;
  private final Semaphore inFlight;
  private final ExecutorService threads;
  private final HttpClient client;

  Transport(RemoteSettings settings, Optional<ApiKey> key, Sleeper sleeper, DoubleSupplier jitter) {
    this.settings = settings;
    this.key = key;
    this.sleeper = sleeper;
    this.jitter = jitter;
    this.inFlight = new Semaphore(settings.concurrency(), true);
    this.threads = Executors.newCachedThreadPool(Transport::daemon);
    // HTTP/1.1: several of these servers mishandle the offer to upgrade that HTTP/2 begins with.
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(settings.connectTimeout())
            .executor(threads)
            .build();
  }

  static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "temper-remote");
    thread.setDaemon(true);
    return thread;
  }

  /** What went wrong in one attempt. */
  private record Failure(String message, int status, boolean retryable, Duration retryAfter) {
    static Failure of(String message, boolean retryable) {
      return new Failure(message, 0, retryable, Duration.ZERO);
    }
  }

  /**
   * Sends a request until it succeeds or may not be repeated.
   *
   * @throws RemoteException if the server cannot be reached, refuses, or answers nonsense
   */
  void post(String operation, byte[] body, Receiver receiver) throws InterruptedException {
    URI uri = settings.endpoint(operation);
    RetryPolicy retry = settings.retry();
    for (int failures = 1; ; failures++) {
      Failure failure;
      inFlight.acquire();
      try {
        failure = attempt(uri, body, receiver);
      } finally {
        inFlight.release();
      }
      if (failure == null) {
        return;
      }
      if (!failure.retryable || receiver.delivered() || failures >= retry.attempts()) {
        throw error(uri, failure, failures, "");
      }
      if (failure.retryAfter.compareTo(retry.maxRetryAfter()) > 0) {
        throw error(
            uri,
            failure,
            failures,
            "; it asks to wait "
                + failure.retryAfter.toSeconds()
                + " s, longer than the limit of "
                + retry.maxRetryAfter().toSeconds()
                + " s");
      }
      Duration pause = retry.delay(failures, jitter.getAsDouble(), failure.retryAfter);
      log.warn(
          "{}: {}; attempt {} of {} follows in {} ms",
          uri.getHost(),
          hidden(failure.message),
          failures + 1,
          retry.attempts(),
          pause.toMillis());
      sleeper.sleep(pause);
    }
  }

  private RemoteException error(URI uri, Failure failure, int attempts, String more) {
    String times = attempts == 1 ? "" : " (" + attempts + " attempts)";
    return new RemoteException(hidden(uri + ": " + failure.message + more + times), failure.status);
  }

  private String hidden(String text) {
    return key.map(k -> k.redact(text)).orElse(text);
  }

  private @Nullable Failure attempt(URI uri, byte[] body, Receiver receiver)
      throws InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    key.ifPresent(k -> request.header("Authorization", k.header()));
    Answer answer = new Answer(settings.maxResponseBytes(), receiver);
    CompletableFuture<HttpResponse<Boolean>> future = client.sendAsync(request.build(), answer);
    try {
      HttpResponse<Boolean> response =
          future.get(settings.requestTimeout().toMillis(), TimeUnit.MILLISECONDS);
      if (isSuccess(response.statusCode())) {
        receiver.end();
        return null;
      }
      return refused(response, answer.error.toByteArray());
    } catch (TimeoutException e) {
      return Failure.of(
          "no complete answer within " + settings.requestTimeout().toMillis() + " ms", true);
    } catch (RemoteException e) {
      return new Failure(String.valueOf(e.getMessage()), 0, false, Duration.ZERO);
    } catch (ExecutionException e) {
      if (receiver.enough()) {
        return null;
      }
      RuntimeException broken = receiver.failure();
      if (broken != null && !(broken instanceof RemoteException)) {
        throw broken; // a listener's exception is the caller's
      }
      return failed(broken == null ? e.getCause() : broken);
    } finally {
      answer.abort();
      future.cancel(true);
    }
  }

  private static Failure failed(@Nullable Throwable cause) {
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof RemoteException) {
        return Failure.of(String.valueOf(t.getMessage()), false);
      }
      if (t instanceof HttpConnectTimeoutException) {
        return Failure.of("cannot connect in time", true);
      }
      if (t instanceof ConnectException) {
        return Failure.of("cannot connect: is the server running, and the address right?", true);
      }
    }
    if (cause instanceof IOException) {
      return Failure.of("the connection broke: " + cause.getMessage(), true);
    }
    return Failure.of("the request failed: " + cause, false);
  }

  private static Failure refused(HttpResponse<Boolean> response, byte[] body) {
    int status = response.statusCode();
    String advice =
        switch (status) {
          case 401, 403 -> " (is the API key right, and in the environment variable named?)";
          case 404 -> " (is the base URL right, with its /v1, and the model known?)";
          default -> status >= 300 && status < 400 ? " (redirects are not followed)" : "";
        };
    return new Failure(
        "HTTP status " + status + advice + ": " + Excerpt.ofBody(body),
        status,
        RetryPolicy.isRetryable(status),
        retryAfter(response.headers().firstValue("Retry-After").orElse(""), Instant.now()));
  }

  /** Seconds or a date; zero if it is neither or past. */
  static Duration retryAfter(String header, Instant now) {
    String value = header.strip();
    if (value.matches("\\d{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(value));
    }
    try {
      Duration until =
          Duration.between(
              now, ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
      return until.isNegative() ? Duration.ZERO : until;
    } catch (DateTimeParseException e) {
      return Duration.ZERO;
    }
  }

  private static boolean isSuccess(int status) {
    return status >= 200 && status < 300;
  }

  /** Sends a good answer to the receiver and keeps the beginning of a bad one. */
  private static final class Answer implements HttpResponse.BodyHandler<Boolean> {
    final ByteArrayOutputStream error = new ByteArrayOutputStream();
    private final int limit;
    private final Receiver receiver;
    private volatile @Nullable LimitedBody body;
    private volatile boolean aborted;

    Answer(int limit, Receiver receiver) {
      this.limit = limit;
      this.receiver = receiver;
    }

    @Override
    public HttpResponse.BodySubscriber<Boolean> apply(HttpResponse.ResponseInfo info) {
      LimitedBody made;
      if (isSuccess(info.statusCode())) {
        String type = info.headers().firstValue("Content-Type").orElse("");
        receiver.begin(
            type.strip().toLowerCase(java.util.Locale.ROOT).startsWith("text/event-stream"));
        made = new LimitedBody(limit, receiver::piece);
      } else {
        made =
            new LimitedBody(
                limit,
                piece ->
                    error.write(piece, 0, Math.min(piece.length, MAX_ERROR_BYTES - error.size())));
      }
      body = made;
      if (aborted) {
        made.abort();
      }
      return made;
    }

    void abort() {
      aborted = true;
      LimitedBody b = body;
      if (b != null) {
        b.abort();
      }
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
