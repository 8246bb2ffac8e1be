package dev.temper.cli;

import dev.temper.generate.remote.OpenAiClient;
import dev.temper.generate.remote.RemoteSettings;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A server in place of a model in this process. */
final class RemoteOptions {
  @Option(
      names = "--base-url",
      paramLabel = "URL",
      description =
          "Generate with an OpenAI-compatible server, such as http://localhost:8000/v1; --model is"
              + " then the name it knows the model by")
  @Nullable String baseUrl;

  @Option(
      names = "--key-from",
      paramLabel = "VARIABLE",
      description = "Environment variable with the server's API key")
  @Nullable String keyFrom;

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      description = "Requests to the server at a time; 8 if unset")
  @Nullable Integer concurrency;

  boolean isGiven() {
    return baseUrl != null;
  }

  /** The first flag given without a server, or null. */
  @Nullable String stray() {
    return isGiven()
        ? null
        : keyFrom != null ? "--key-from" : concurrency != null ? "--concurrency" : null;
  }

  OpenAiClient open(Path model) {
    RemoteSettings settings =
        RemoteSettings.of(Given.of(baseUrl, "--base-url"), model.toString().replace('\\', '/'));
    if (keyFrom != null) {
      settings = settings.keyFrom(keyFrom);
    }
    if (concurrency != null) {
      settings = settings.concurrency(concurrency);
    }
    return OpenAiClient.open(settings);
  }
}
