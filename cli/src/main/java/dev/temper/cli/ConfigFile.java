package dev.temper.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.temper.checkpoint.Names;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Defaults of options from {@code --config FILE}: a YAML key is the flag without its dashes, a
 * nested object adds its name in front ({@code lora: {rank: 8}} is {@code --lora-rank 8}). Flags on
 * the command line win. An unknown key is an error that names the nearest known one.
 */
final class ConfigFile implements CommandLine.IDefaultValueProvider {
  private @Nullable Map<String, String> values;

  @Override
  public @Nullable String defaultValue(ArgSpec spec) {
    if (!(spec instanceof OptionSpec option) || option.longestName().equals("--config")) {
      return null;
    }
    return values(spec.command().commandLine()).get(option.longestName().substring(2));
  }

  private Map<String, String> values(CommandLine line) {
    if (values == null) {
      values = Map.of();
      Path file = configOf(line);
      if (file != null) {
        values = read(file, line);
      }
    }
    return values;
  }

  private static @Nullable Path configOf(CommandLine line) {
    CommandLine.ParseResult parsed = line.getParseResult();
    List<String> arguments = parsed == null ? List.of() : parsed.originalArgs();
    if (arguments.isEmpty() && line.getParent() != null) {
      CommandLine.ParseResult above = line.getParent().getParseResult();
      arguments = above == null ? List.of() : above.originalArgs();
    }
    for (int i = 0; i < arguments.size(); i++) {
      String a = arguments.get(i);
      if (a.startsWith("--config=")) {
        return Path.of(a.substring("--config=".length()));
      }
      if (a.equals("--config") && i + 1 < arguments.size()) {
        return Path.of(arguments.get(i + 1));
      }
    }
    return null;
  }

  private static Map<String, String> read(Path file, CommandLine line) {
    if (!Files.isRegularFile(file)) {
      throw new CommandLine.ParameterException(line, "--config " + file + ": no such file");
    }
    Map<String, String> flat = new LinkedHashMap<>();
    try {
      JsonNode root = new YAMLMapper().readTree(file.toFile());
      if (!root.isObject()) {
        throw new CommandLine.ParameterException(line, file + ": must hold keys and values");
      }
      flatten("", root, flat);
    } catch (JsonProcessingException e) {
      throw new CommandLine.ParameterException(
          line,
          file
              + (e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr())
              + ": not valid YAML: "
              + e.getOriginalMessage());
    } catch (IOException e) {
      throw new CommandLine.ParameterException(line, file + ": cannot be read: " + e.getMessage());
    }
    List<String> known = new ArrayList<>();
    line.getCommandSpec().options().forEach(o -> known.add(o.longestName().substring(2)));
    for (String key : flat.keySet()) {
      if (!known.contains(key) || key.equals("config")) {
        throw new CommandLine.ParameterException(
            line,
            file
                + ": unknown key '"
                + key
                + "'"
                + Names.hint(key, known)
                + " (known: "
                + String.join(", ", new TreeSet<>(known))
                + ")");
      }
    }
    return flat;
  }

  private static void flatten(String prefix, JsonNode node, Map<String, String> into) {
    for (Map.Entry<String, JsonNode> e : node.properties()) {
      String key = prefix + e.getKey();
      JsonNode v = e.getValue();
      if (v.isObject()) {
        flatten(key + "-", v, into);
      } else if (v.isArray()) {
        List<String> parts = new ArrayList<>();
        v.forEach(x -> parts.add(x.asText()));
        into.put(key, String.join(",", parts));
      } else if (!v.isNull()) {
        into.put(key, v.asText());
      }
    }
  }
}
