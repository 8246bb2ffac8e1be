package dev.temper.generate.remote;

import dev.temper.UserException;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A secret that shows itself to the request's header only. */
final class ApiKey {
  private static final String HIDDEN = "[API key]";

  private final String variable;
  private final String secret;

  private ApiKey(String variable, String secret) {
    this.variable = variable;
    this.secret = secret;
  }

  /**
   * Reads the variable.
   *
   * @param environment name to value, null if not set
   */
  static Optional<ApiKey> read(
      Optional<String> variable, UnaryOperator<@Nullable String> environment) {
    if (variable.isEmpty()) {
      return Optional.empty();
    }
    String name = variable.get();
    String value = environment.apply(name);
    if (value == null || value.isBlank()) {
      throw new UserException(
          "the environment variable " + name + " is not set: put the server's API key into it");
    }
    String key = value.strip();
    if (!key.chars().allMatch(c -> c > 0x20 && c < 0x7F)) {
      throw new UserException(
          "the API key in the environment variable "
              + name
              + " has spaces, line breaks or characters that are not ASCII: copy it again");
    }
    return Optional.of(new ApiKey(name, key));
  }

  String header() {
    return "Bearer " + secret;
  }

  /** A text without the secret. */
  String redact(String text) {
    return text.replace(secret, HIDDEN);
  }

  @Override
  public String toString() {
    return "ApiKey[$" + variable + "]";
  }
}
