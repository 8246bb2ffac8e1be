package dev.temper.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
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
import picocli.CommandLine.ParameterException;

/**
 * Defaults of options from {@code --config FILE}: a YAML key is the flag without its dashes, a
 * nested object adds its name in front ({@code lora: {rank: 8}} is {@code --lora-rank 8}). Flags on
 * the command line win. An unknown key is an error that names the nearest known one.
 */
final class ConfigFile implements CommandLine.IDefaultValueProvider {
  private @Nullable Path file;
  private @Nullable Map<String, String> values;

  @Override
  public @Nullable String defaultValue(ArgSpec spec) {
    if (!(spec instanceof OptionSpec option) || option.longestName().equals("--config")) {
      return null;
    }
    return values(spec.command().commandLine()).get(key(option));
  }

  /** The message of an error, with the file in front if it is about a value from there. */
  String locate(ParameterException e, String message) {
    boolean mine =
        file != null
            && values != null
            && e.getArgSpec() instanceof OptionSpec option
            && e.getValue() != null
            && e.getValue().equals(values.get(key(option)));
    return mine ? file + ": " + message : message;
  }

  private static String key(OptionSpec option) {
    return option.longestName().substring("--".length());
  }

  private Map<String, String> values(CommandLine line) {
    if (values == null) {
      values = Map.of();
      file = configOf(line);
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
      throw new ParameterException(line, "--config " + file + ": no such file");
    }
    Map<String, String> flat = new LinkedHashMap<>();
    try {
      JsonNode root = mapper().readTree(file.toFile());
      if (!root.isObject()) {
        throw new IllegalArgumentException("must hold keys and values");
      }
      flatten("", root, flat);
      requireKnown(flat, line);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(line, file + ": " + e.getMessage(), e);
    } catch (JsonProcessingException e) {
      String where = e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
      throw new ParameterException(
          line, file + where + ": not valid YAML: " + firstLine(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new ParameterException(line, file + ": cannot be read: " + e.getMessage(), e);
    }
    return flat;
  }

  private static YAMLMapper mapper() {
    return new YAMLMapper(
        YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());
  }

  private static String firstLine(String message) {
    return message.lines().findFirst().orElse(message);
  }

  private static void requireKnown(Map<String, String> flat, CommandLine line) {
    TreeSet<String> known = new TreeSet<>();
    line.getCommandSpec().options().forEach(o -> known.add(key(o)));
    known.removeAll(List.of("config", "help"));
    for (String key : flat.keySet()) {
      if (!known.contains(key)) {
        throw new IllegalArgumentException(
            "unknown key '"
                + key
                + "'"
                + Names.hint(key, known)
                + " (known: "
                + String.join(", ", known)
                + ")");
      }
    }
  }

  private static void flatten(String prefix, JsonNode node, Map<String, String> into) {
    for (Map.Entry<String, JsonNode> e : node.properties()) {
      String key = prefix + e.getKey();
      JsonNode v = e.getValue();
      if (v.isObject()) {
        flatten(key + "-", v, into);
      } else if (!v.isNull() && into.put(key, text(key, v)) != null) {
        throw new IllegalArgumentException("'" + key + "' is given twice");
      }
    }
  }

  private static String text(String key, JsonNode value) {
    if (!value.isArray()) {
      return value.asText();
    }
    List<String> parts = new ArrayList<>();
    for (JsonNode part : value) {
      if (!part.isValueNode() || part.isNull() || part.asText().contains(",")) {
        throw new IllegalArgumentException(
            "'" + key + "' must list plain values without commas, not " + part);
      }
      parts.add(part.asText());
    }
    return String.join(",", parts);
  }
}
