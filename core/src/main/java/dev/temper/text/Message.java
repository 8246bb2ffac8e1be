package dev.temper.text;

import dev.temper.UserException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One message of a chat: a JSON object as transformers passes it to a chat template, with whatever
 * keys the template reads ({@code tool_calls}, {@code name}, {@code reasoning_content}, …).
 *
 * @param fields the keys in order; values are strings, numbers, booleans, null, lists and maps with
 *     string keys. The record holds an unmodifiable deep copy.
 */
public record Message(Map<String, Object> fields) {
  private static final int MAX_DEPTH = 200;

  /**
   * Copies and checks the fields.
   *
   * @throws UserException when {@code role} is missing or no string, or when a value is not plain
   *     JSON data
   */
  public Message {
    Map<String, Object> copy = copyMap(fields, "message", 0);
    if (!(copy.get("role") instanceof String)) {
      throw new UserException(
          "A chat message needs a string \"role\"; this one has the keys " + copy.keySet());
    }
    fields = copy;
  }

  /** A message with the role {@code user}. */
  public static Message user(String content) {
    return of("user", content);
  }

  /** A message with the role {@code system}. */
  public static Message system(String content) {
    return of("system", content);
  }

  /** A message with the role {@code assistant}. */
  public static Message assistant(String content) {
    return of("assistant", content);
  }

  /** A message with a role and text. */
  public static Message of(String role, String content) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("role", role);
    fields.put("content", content);
    return new Message(fields);
  }

  /** A message from a parsed JSON object. */
  public static Message of(Map<String, ?> fields) {
    return new Message(copyMap(fields, "message", 0));
  }

  /**
   * The role: {@code user}, {@code assistant}, {@code system}, {@code tool}, or any other the
   * template knows.
   */
  public String role() {
    return (String) Objects.requireNonNull(fields.get("role"));
  }

  /**
   * The content: a string, a list of parts (maps with {@code type} and, for text, {@code text}), or
   * null when there is none.
   */
  public @Nullable Object content() {
    return fields.get("content");
  }

  /** The content as text: the string, or the text parts put together; empty when there is none. */
  public String text() {
    Object content = content();
    if (content instanceof List<?> parts) {
      StringBuilder text = new StringBuilder();
      for (Object part : parts) {
        if (part instanceof Map<?, ?> map && map.get("text") instanceof String s) {
          text.append(s);
        }
      }
      return text.toString();
    }
    return content == null ? "" : content.toString();
  }

  /**
   * The weight of this message in the loss: its key {@code weight}, or 1.
   *
   * @throws UserException when the key is there but no finite number at or above 0
   */
  public double weight() {
    Object weight = fields.get("weight");
    if (weight == null) {
      return 1;
    }
    double value = weight instanceof Number number ? number.doubleValue() : Double.NaN;
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new UserException(
          "\"weight\" of a "
              + role()
              + " message is "
              + weight
              + ": expected a number at or above 0");
    }
    return value;
  }

  /** This message with one key set to another value. */
  public Message with(String key, Object value) {
    Map<String, Object> changed = new LinkedHashMap<>(fields);
    changed.put(key, value);
    return new Message(changed);
  }

  private static Map<String, Object> copyMap(Map<?, ?> map, String path, int depth) {
    Map<String, Object> copy = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!(entry.getKey() instanceof String key)) {
        throw new UserException(
            "Chat message: the keys of " + path + " must be strings, got " + entry.getKey());
      }
      copy.put(key, copyValue(entry.getValue(), path + "." + key, depth + 1));
    }
    return Collections.unmodifiableMap(copy);
  }

  @SuppressWarnings("NullAway") // JSON null stays null inside the unmodifiable copies
  private static Object copyValue(@Nullable Object value, String path, int depth) {
    if (depth > MAX_DEPTH) {
      throw new UserException("Chat message: more than " + MAX_DEPTH + " nested levels");
    }
    if (value instanceof Map<?, ?> map) {
      return copyMap(map, path, depth);
    }
    if (value instanceof Collection<?> items) {
      List<Object> copy = new ArrayList<>(items.size());
      for (Object item : items) {
        copy.add(copyValue(item, path + "[" + copy.size() + "]", depth + 1));
      }
      return Collections.unmodifiableList(copy);
    }
    if (value == null
        || value instanceof String
        || value instanceof Number
        || value instanceof Boolean) {
      return value;
    }
    throw new UserException(
        "Chat message: "
            + path
            + " is a "
            + value.getClass().getName()
            + "; expected a string, number, boolean, null, list or map");
  }
}
