package dev.temper.generate.constraint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.temper.UserException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A JSON schema as a regular expression over JSON texts, for {@link RegexConstraint}.
 *
 * <p>Every match is valid under the schema; not every valid document is a match. What is generated
 * is compact: one optional space after {@code :} and {@code ,}, none elsewhere.
 *
 * <table>
 * <caption>Supported keywords</caption>
 * <tr><td>{@code type}</td><td>one, or a list of: object, array, string, integer, number, boolean,
 * null</td></tr>
 * <tr><td>{@code enum}, {@code const}</td><td>any JSON values</td></tr>
 * <tr><td>{@code anyOf}</td><td>any of the schemas</td></tr>
 * <tr><td>object</td><td>{@code properties} in their order, those in {@code required} always, the
 * others or not; no others, so {@code additionalProperties} may be a boolean</td></tr>
 * <tr><td>array</td><td>{@code items} (one schema, needed unless {@code maxItems} is 0), {@code
 * minItems}, {@code maxItems}</td></tr>
 * <tr><td>string</td><td>{@code minLength}, {@code maxLength}, or {@code pattern} (see {@link
 * Regex#parse}; it may match anywhere in the string unless ^ or $ bind it)</td></tr>
 * <tr><td>integer, number</td><td>up to 15 digits before the point, 15 after it, an exponent of two
 * digits; no bounds</td></tr>
 * <tr><td>{@code $ref}</td><td>within the document ({@code #/$defs/…}), without recursion</td></tr>
 * <tr><td>{@code title}, {@code description}, {@code default}, {@code examples}, {@code $comment},
 * {@code $schema}, {@code $id}, {@code $defs}, {@code definitions}</td><td>read past</td></tr>
 * </table>
 *
 * <p>Everything else ({@code minimum}, {@code oneOf}, {@code format}, {@code uniqueItems},
 * recursion, …) is refused with its place in the schema: no keyword is ignored.
 */
public final class JsonSchema {
  private static final int MAX_DEPTH = 32;
  private static final int MAX_SCHEMAS = 20_000;
  private static final Set<String> ANNOTATIONS =
      Set.of(
          "title",
          "description",
          "default",
          "examples",
          "$comment",
          "$schema",
          "$id",
          "$defs",
          "definitions");
  private static final Regex SEPARATOR_SPACE = Regex.literal(" ").optional();
  private static final Regex COMMA = Regex.sequence(Regex.literal(","), SEPARATOR_SPACE);
  private static final Regex INTEGER = Regex.parse("-?(0|[1-9]\\d{0,14})");
  private static final Regex NUMBER =
      Regex.parse("-?(0|[1-9]\\d{0,14})(\\.\\d{1,15})?([eE][+-]?\\d{1,2})?");
  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(200).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final JsonNode root;
  private final List<String> references = new ArrayList<>();
  private int schemas;

  private JsonSchema(JsonNode root) {
    this.root = root;
  }

  /**
   * The expression of a schema.
   *
   * @throws UserException if the text is no JSON, or the schema has something not supported
   */
  public static Regex regex(String schema) {
    try {
      return regex(JSON.readTree(schema));
    } catch (JsonProcessingException e) {
      throw new UserException("the JSON schema is not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** The expression of a schema that has been read. */
  public static Regex regex(JsonNode schema) {
    return new JsonSchema(schema).compile(schema, "#", 0);
  }

  private Regex compile(JsonNode schema, String path, int depth) {
    if (depth > MAX_DEPTH) {
      throw error(path, "more than " + MAX_DEPTH + " levels");
    }
    if (++schemas > MAX_SCHEMAS) {
      throw error(path, "more than " + MAX_SCHEMAS + " schemas with each $ref written out");
    }
    if (!schema.isObject()) {
      throw error(path, "a schema must be an object, this is " + shown(schema));
    }
    if (schema.has("$ref")) {
      only(schema, path, "$ref");
      return reference(schema.path("$ref").asText(), path, depth);
    }
    if (schema.has("const")) {
      only(schema, path, "const", "type");
      return value(schema.path("const"));
    }
    if (schema.has("enum")) {
      only(schema, path, "enum", "type");
      JsonNode values = schema.path("enum");
      if (!values.isArray() || values.isEmpty()) {
        throw error(path + "/enum", "must be a list of at least one value");
      }
      List<Regex> options = new ArrayList<>();
      values.forEach(v -> options.add(value(v)));
      return Regex.choice(options);
    }
    if (schema.has("anyOf")) {
      only(schema, path, "anyOf");
      return anyOf(schema.path("anyOf"), path + "/anyOf", depth);
    }
    JsonNode type = schema.path("type");
    if (type.isArray() && !type.isEmpty()) {
      List<Regex> options = new ArrayList<>();
      Set<String> keywords = new HashSet<>(Set.of("type"));
      for (JsonNode one : type) {
        keywords.addAll(keywords(one.asText()));
        options.add(typed(schema, one.asText(), path, depth));
      }
      only(schema, path, keywords.toArray(String[]::new));
      return Regex.choice(options);
    }
    if (!type.isTextual()) {
      throw error(path, "needs a type, enum, const, anyOf or $ref: not every value can be meant");
    }
    Set<String> keywords = new HashSet<>(keywords(type.asText()));
    keywords.add("type");
    only(schema, path, keywords.toArray(String[]::new));
    return typed(schema, type.asText(), path, depth);
  }

  private static List<String> keywords(String type) {
    return switch (type) {
      case "object" -> List.of("properties", "required", "additionalProperties");
      case "array" -> List.of("items", "minItems", "maxItems");
      case "string" -> List.of("minLength", "maxLength", "pattern");
      default -> List.of();
    };
  }

  private Regex typed(JsonNode schema, String type, String path, int depth) {
    return switch (type) {
      case "object" -> object(schema, path, depth);
      case "array" -> array(schema, path, depth);
      case "string" -> string(schema, path);
      case "integer" -> INTEGER;
      case "number" -> NUMBER;
      case "boolean" -> Regex.choice(List.of(Regex.literal("true"), Regex.literal("false")));
      case "null" -> Regex.literal("null");
      default -> throw error(path + "/type", "unknown type \"" + type + "\"");
    };
  }

  private Regex anyOf(JsonNode options, String path, int depth) {
    if (!options.isArray() || options.isEmpty()) {
      throw error(path, "must be a list of at least one schema");
    }
    List<Regex> out = new ArrayList<>();
    for (int i = 0; i < options.size(); i++) {
      out.add(compile(options.get(i), path + "/" + i, depth + 1));
    }
    return Regex.choice(out);
  }

  private Regex reference(String to, String path, int depth) {
    if (!to.equals("#") && !to.startsWith("#/")) {
      throw error(path, "$ref \"" + to + "\" must point into this document (#/…)");
    }
    JsonNode target = to.equals("#") ? root : root.at(to.substring(1));
    if (target.isMissingNode()) {
      throw error(path, "$ref \"" + to + "\" points to nothing");
    }
    if (references.contains(to) || to.equals("#")) {
      throw error(
          path,
          "$ref \""
              + to
              + "\" is recursive: no regular expression has unbounded nesting; write the"
              + " levels out");
    }
    references.add(to);
    Regex out = compile(target, to, depth + 1);
    references.remove(references.size() - 1);
    return out;
  }

  private Regex object(JsonNode schema, String path, int depth) {
    JsonNode additional = schema.path("additionalProperties");
    if (!additional.isMissingNode() && !additional.isBoolean()) {
      throw error(
          path + "/additionalProperties", "must be true or false: name the properties instead");
    }
    JsonNode properties = schema.path("properties");
    if (!properties.isMissingNode() && !properties.isObject()) {
      throw error(path + "/properties", "must be an object");
    }
    if (schema.has("required") && !schema.path("required").isArray()) {
      throw error(path + "/required", "must be a list of names");
    }
    Set<String> required = new HashSet<>();
    for (JsonNode name : schema.path("required")) {
      if (!properties.has(name.asText())) {
        throw error(path + "/required", "\"" + name.asText() + "\" is not in properties");
      }
      required.add(name.asText());
    }
    // From the last property to the first: what may follow when something precedes (with a comma),
    // and when nothing does.
    Regex afterSome = new Regex.Empty();
    Regex afterNone = new Regex.Empty();
    List<Map.Entry<String, JsonNode>> entries = new ArrayList<>(properties.properties());
    for (int i = entries.size() - 1; i >= 0; i--) {
      String name = entries.get(i).getKey();
      Regex member =
          Regex.sequence(
              value(JSON.getNodeFactory().textNode(name)),
              Regex.literal(":"),
              SEPARATOR_SPACE,
              compile(entries.get(i).getValue(), path + "/properties/" + name, depth + 1));
      Regex withComma = Regex.sequence(COMMA, member);
      Regex first = Regex.sequence(member, afterSome);
      if (required.contains(name)) {
        afterNone = first;
        afterSome = Regex.sequence(withComma, afterSome);
      } else {
        afterNone = Regex.choice(List.of(first, afterNone));
        afterSome = Regex.sequence(withComma.optional(), afterSome);
      }
    }
    return Regex.sequence(Regex.literal("{"), afterNone, Regex.literal("}"));
  }

  private Regex array(JsonNode schema, String path, int depth) {
    int min = bound(schema, "minItems", path, 0);
    int max = bound(schema, "maxItems", path, -1);
    checkBounds(min, max, path, "Items");
    if (max == 0) {
      return Regex.literal("[]");
    }
    if (!schema.has("items")) {
      throw error(path, "an array needs items: a schema for its elements");
    }
    Regex item = compile(schema.path("items"), path + "/items", depth + 1);
    Regex rest =
        new Regex.Repeat(
            Regex.sequence(COMMA, item), Math.max(0, min - 1), max == -1 ? -1 : max - 1);
    Regex some = Regex.sequence(item, rest);
    return Regex.sequence(
        Regex.literal("["), min == 0 ? some.optional() : some, Regex.literal("]"));
  }

  private Regex string(JsonNode schema, String path) {
    int min = bound(schema, "minLength", path, 0);
    int max = bound(schema, "maxLength", path, -1);
    checkBounds(min, max, path, "Length");
    Regex any = new Regex.Chars(CharSet.ALL);
    Regex content = new Regex.Repeat(any, min, max);
    if (schema.has("pattern")) {
      if (schema.has("minLength") || schema.has("maxLength")) {
        throw error(path, "pattern together with minLength or maxLength: bound the pattern itself");
      }
      String pattern = schema.path("pattern").asText();
      content = Regex.parse(pattern);
      if (!pattern.startsWith("^")) {
        content = Regex.sequence(any.repeated(), content);
      }
      if (!endsWithAnchor(pattern)) {
        content = Regex.sequence(content, any.repeated());
      }
    }
    return Regex.sequence(Regex.literal("\""), JsonStrings.escaped(content), Regex.literal("\""));
  }

  private static boolean endsWithAnchor(String pattern) {
    int escapes = 0;
    for (int i = pattern.length() - 2; i >= 0 && pattern.charAt(i) == '\\'; i--) {
      escapes++;
    }
    return pattern.endsWith("$") && escapes % 2 == 0;
  }

  private int bound(JsonNode schema, String key, String path, int otherwise) {
    JsonNode value = schema.path(key);
    if (value.isMissingNode()) {
      return otherwise;
    }
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < 0
        || value.intValue() > RegexParser.MAX_REPEAT) {
      throw error(path + "/" + key, "must be an integer in [0, " + RegexParser.MAX_REPEAT + "]");
    }
    return value.intValue();
  }

  private static void checkBounds(int min, int max, String path, String what) {
    if (max != -1 && max < min) {
      throw error(path, "max" + what + " is below min" + what);
    }
  }

  /** A JSON value as Jackson writes it. */
  private static Regex value(JsonNode value) {
    return Regex.literal(value.toString());
  }

  private static void only(JsonNode schema, String path, String... allowed) {
    Set<String> known = Set.of(allowed);
    schema
        .fieldNames()
        .forEachRemaining(
            key -> {
              if (!known.contains(key) && !ANNOTATIONS.contains(key)) {
                throw error(path, "\"" + key + "\" is not supported here");
              }
            });
  }

  private static String shown(JsonNode node) {
    String text = node.toString();
    return text.length() > 60 ? text.substring(0, 60) + "…" : text;
  }

  private static UserException error(String path, String what) {
    return new UserException("JSON schema, at " + path + ": " + what);
  }
}
