package dev.temper.efficiency.peft;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Typed access to {@code adapter_config.json}; every error names the file and the key. */
final class PeftConfig {
  static final String FILE = "adapter_config.json";
  static final String WEIGHTS = "adapter_model.safetensors";

  private static final long MAX_BYTES = 10_000_000;
  private static final ObjectMapper JSON = new ObjectMapper();

  private PeftConfig() {}

  static ObjectNode read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new UserException(
          file + ": missing; an adapter directory holds " + FILE + " and " + WEIGHTS);
    }
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new UserException(
            file + ": larger than " + MAX_BYTES + " bytes, which no adapter's config is");
      }
      if (JSON.readTree(file.toFile()) instanceof ObjectNode object) {
        return object;
      }
      throw new UserException(file + ": must be a JSON object");
    } catch (JsonProcessingException e) {
      throw new UserException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UserException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  static String type(ObjectNode config, Path file) {
    JsonNode type = config.path("peft_type");
    if (!type.isTextual()) {
      throw new UserException(
          file
              + ": peft_type is missing; it says which method the adapter is, for example \"LORA\"");
    }
    return type.textValue();
  }

  /**
   * Throws if one of {@code keys} asks for something: anything but absent, null, false, "none" and
   * empty.
   */
  static void rejectUnsupported(ObjectNode config, Path file, List<String> keys) {
    for (String key : keys) {
      JsonNode v = config.path(key);
      boolean off =
          v.isMissingNode()
              || v.isNull()
              || (v.isBoolean() && !v.booleanValue())
              || (v.isContainerNode() && v.isEmpty());
      if (!off && !v.asText().equals("none")) {
        throw new UserException(
            file
                + ": "
                + key
                + " = "
                + v
                + " is not supported; the adapter would compute something else without it");
      }
    }
  }

  static int positive(JsonNode value, Path file, String key) {
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 1) {
      throw new UserException(file + ": " + key + " = " + value + " must be a positive integer");
    }
    return value.intValue();
  }

  static double number(JsonNode value, Path file, String key) {
    if (!value.isNumber()) {
      throw new UserException(file + ": " + key + " = " + value + " must be a number");
    }
    return value.doubleValue();
  }

  static boolean flag(ObjectNode config, Path file, String key) {
    JsonNode v = config.path(key);
    if (!v.isMissingNode() && !v.isNull() && !v.isBoolean()) {
      throw new UserException(file + ": " + key + " = " + v + " must be true or false");
    }
    return v.asBoolean(false);
  }

  /**
   * target_modules or exclude_modules: a string is a regular expression (or "all-linear"), a list
   * holds suffixes.
   */
  static Optional<Targets> targets(ObjectNode config, Path file, String key) {
    JsonNode v = config.path(key);
    if (v.isMissingNode() || v.isNull() || (v.isArray() && v.isEmpty())) {
      return Optional.empty();
    }
    if (v.isTextual()) {
      return Optional.of(
          v.textValue().equals("all-linear")
              ? Targets.allLinear()
              : regex(v.textValue(), file, key));
    }
    List<String> names = new ArrayList<>();
    for (JsonNode name : v) {
      if (!v.isArray() || !name.isTextual()) {
        throw new UserException(
            file
                + ": "
                + key
                + " must be a list of module names or a regular expression, not "
                + v);
      }
      names.add(name.textValue());
    }
    if (names.isEmpty()) {
      throw new UserException(
          file + ": " + key + " must be a list of module names or a regular expression, not " + v);
    }
    return Optional.of(new Targets.Suffixes(names));
  }

  private static Targets regex(String pattern, Path file, String key) {
    Targets.compile(file + ": " + key, pattern);
    return Targets.regex(pattern);
  }

  /** How PEFT writes targets, or empty if it has no form for them but the full list of paths. */
  static Optional<JsonNode> json(Targets targets, Model model) {
    if (targets instanceof Targets.Suffixes s) {
      return Optional.of(list(s.names()));
    }
    if (targets instanceof Targets.Regex r) {
      return Optional.of(JsonNodeFactory.instance.textNode(r.pattern()));
    }
    return targets instanceof Targets.ModelDefault
        ? Optional.of(list(model.family().adapterTargets()))
        : Optional.empty();
  }

  static ArrayNode list(List<String> values) {
    ArrayNode out = JsonNodeFactory.instance.arrayNode();
    values.forEach(out::add);
    return out;
  }

  /** PEFT writes whole numbers without a fraction. */
  static JsonNode number(double value) {
    return value == Math.rint(value) && Math.abs(value) < Integer.MAX_VALUE
        ? JsonNodeFactory.instance.numberNode((int) value)
        : JsonNodeFactory.instance.numberNode(value);
  }
}
