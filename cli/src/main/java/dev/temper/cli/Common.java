package dev.temper.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options every command has. */
final class Common {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file with defaults for the flags of this command")
  @Nullable Path config;

  @Option(names = "--debug", fallbackValue = "true", description = "Show stack traces")
  boolean debug;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help")
  boolean help;
}
