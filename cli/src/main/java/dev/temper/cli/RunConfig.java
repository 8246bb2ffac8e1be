package dev.temper.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The settings of a command as run.json keeps them. */
final class RunConfig {
  /** What says how to run, not what is computed. */
  private static final Set<String> LEFT_OUT =
      Set.of("--resume", "--debug", "--help", "--overwrite", "--config");

  private RunConfig() {}

  static ObjectNode of(CommandSpec command) {
    ObjectNode config = new ObjectMapper().createObjectNode();
    for (OptionSpec option : command.options()) {
      Object value = option.getValue();
      if (value != null && !LEFT_OUT.contains(option.longestName())) {
        config.put(option.longestName().substring(2), String.valueOf(value));
      }
    }
    return config;
  }
}
