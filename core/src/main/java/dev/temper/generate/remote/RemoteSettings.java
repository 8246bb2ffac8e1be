package dev.temper.generate.remote;

import dev.temper.UserException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Optional;

/**
 * Where a server is and how it is spoken to.
 *
 * <pre>{@code
 * RemoteSettings.of("http://localhost:8000/v1", "my-model").concurrency(32)
 * RemoteSettings.of("https://api.openai.com/v1", "gpt-4o-mini").keyFrom("OPENAI_API_KEY")
 * }</pre>
 *
 * @param baseUrl http or https, with the path before {@code /chat/completions}; without user, query
 *     and fragment
 * @param model the name the server knows the model by
 * @param keyVariable name of the environment variable that holds the API key; empty if the server
 *     wants none. The key itself is in no setting, message or log
 * @param connectTimeout for a connection
 * @param requestTimeout for one attempt, from sending it to the last byte of its answer
 * @param retry what is done after failures
 * @param concurrency requests in flight at a time, over all calls of a client; at least 1
 * @param maxResponseBytes larger answers are broken off while they are read; 1 KiB to 1 GiB
 */
public record RemoteSettings(
    URI baseUrl,
    String model,
    Optional<String> keyVariable,
    Duration connectTimeout,
    Duration requestTimeout,
    RetryPolicy retry,
    int concurrency,
    int maxResponseBytes) {
  private static final int MAX_CONCURRENCY = 1024;

  /** Checks the settings. */
  public RemoteSettings {
    checkUrl(baseUrl);
    if (model.isBlank()) {
      throw new IllegalArgumentException(
          "model is empty, must be the name the server knows the model by");
    }
    if (keyVariable.isPresent() && !keyVariable.get().matches("[A-Za-z_][A-Za-z0-9_]*")) {
      // The value is not repeated: it may be a key given in the wrong place.
      throw new UserException(
          "the name of the environment variable with the API key must consist of letters, digits"
              + " and _: give the variable's name, not the key");
    }
    Durations.positive("connect timeout", connectTimeout);
    Durations.positive("request timeout", requestTimeout);
    if (concurrency < 1 || concurrency > MAX_CONCURRENCY) {
      throw new IllegalArgumentException(
          "concurrency is "
              + concurrency
              + ", must be in [1, "
              + MAX_CONCURRENCY
              + "]: 4 to 64 is usual");
    }
    if (maxResponseBytes < 1024 || maxResponseBytes > 1 << 30) {
      throw new IllegalArgumentException(
          "max response bytes is " + maxResponseBytes + ", must be in [1024, " + (1 << 30) + "]");
    }
  }

  /**
   * A server without a key; 10 seconds to connect, 10 minutes an attempt, 8 requests at a time,
   * answers up to 16 MiB.
   *
   * @throws UserException if the address is not an http or https URL
   */
  public static RemoteSettings of(String baseUrl, String model) {
    URI uri;
    try {
      uri = new URI(baseUrl);
    } catch (URISyntaxException e) {
      throw new UserException("the base URL is not a URL: " + e.getReason());
    }
    return new RemoteSettings(
        uri,
        model,
        Optional.empty(),
        Duration.ofSeconds(10),
        Duration.ofMinutes(10),
        RetryPolicy.standard(),
        8,
        16 << 20);
  }

  /** Takes the API key from an environment variable. */
  public RemoteSettings keyFrom(String variable) {
    return new RemoteSettings(
        baseUrl,
        model,
        Optional.of(variable),
        connectTimeout,
        requestTimeout,
        retry,
        concurrency,
        maxResponseBytes);
  }

  /** Sets the time limits. */
  public RemoteSettings timeouts(Duration connect, Duration request) {
    return new RemoteSettings(
        baseUrl, model, keyVariable, connect, request, retry, concurrency, maxResponseBytes);
  }

  /** Sets what is done after failures. */
  public RemoteSettings retry(RetryPolicy policy) {
    return new RemoteSettings(
        baseUrl,
        model,
        keyVariable,
        connectTimeout,
        requestTimeout,
        policy,
        concurrency,
        maxResponseBytes);
  }

  /** Sets how many requests are in flight at a time. */
  public RemoteSettings concurrency(int requests) {
    return new RemoteSettings(
        baseUrl,
        model,
        keyVariable,
        connectTimeout,
        requestTimeout,
        retry,
        requests,
        maxResponseBytes);
  }

  /** Sets the largest answer. */
  public RemoteSettings maxResponseBytes(int bytes) {
    return new RemoteSettings(
        baseUrl, model, keyVariable, connectTimeout, requestTimeout, retry, concurrency, bytes);
  }

  /** The address of an operation such as {@code chat/completions}. */
  URI endpoint(String operation) {
    String base = baseUrl.toString();
    return URI.create((base.endsWith("/") ? base : base + "/") + operation);
  }

  private static void checkUrl(URI url) {
    String scheme = url.getScheme();
    if (scheme == null || !(scheme.equalsIgnoreCase("http") || scheme.equalsIgnoreCase("https"))) {
      throw new UserException(
          "the base URL must begin with http:// or https://, such as http://localhost:8000/v1");
    }
    if (url.getRawUserInfo() != null) {
      throw new UserException(
          "the base URL must not hold a user or password: put the key into an environment variable");
    }
    if (url.getHost() == null || url.getRawQuery() != null || url.getRawFragment() != null) {
      throw new UserException(
          "the base URL must be scheme, host, port and path only, such as"
              + " http://localhost:8000/v1");
    }
  }
}
