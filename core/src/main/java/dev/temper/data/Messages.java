package dev.temper.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Checks conversations and brings them to role/content form. */
final class Messages {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Messages() {}

  /** Reads the list of messages in {@code value}, the cell of {@code column}. */
  static List<Map<String, Object>> read(Origin origin, String column, @Nullable Object value) {
    if (!(value instanceof List<?> list) || list.isEmpty()) {
      throw new DataException(
          origin,
          "column \""
              + column
              + "\" must be a list of at least one message, found "
              + shown(value));
    }
    List<Map<String, Object>> messages = new ArrayList<>(list.size());
    for (int i = 0; i < list.size(); i++) {
      String where = column + "[" + i + "]";
      if (!(list.get(i) instanceof Map<?, ?> map)) {
        throw new DataException(
            origin,
            where
                + ": must be an object with \"role\" and \"content\", found "
                + shown(list.get(i)));
      }
      Map<String, Object> message = map(map);
      messages.add(
          check(
              origin,
              where,
              message.containsKey("role") || !message.containsKey("from")
                  ? message
                  : fromShareGpt(origin, where, message)));
    }
    return Collections.unmodifiableList(messages);
  }

  /** A message of two strings. */
  static Map<String, Object> message(String role, String content) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("role", role);
    message.put("content", content);
    return Collections.unmodifiableMap(message);
  }

  /** The map with its keys as strings, which they are in anything read from JSON. */
  static Map<String, Object> map(Map<?, ?> map) {
    Map<String, Object> result = new LinkedHashMap<>();
    map.forEach((key, value) -> result.put(String.valueOf(key), value));
    return Collections.unmodifiableMap(result);
  }

  /** A short form of a value for messages. */
  static String shown(@Nullable Object value) {
    if (value instanceof List<?> list) {
      return list.isEmpty() ? "an empty list" : "a list";
    }
    if (value instanceof Map<?, ?>) {
      return "an object";
    }
    if (value instanceof String text) {
      return "the text \""
          + (text.length() > 40 ? text.substring(0, 40) + "..." : text)
              .replaceAll("\\p{Cntrl}", " ")
          + "\"";
    }
    return String.valueOf(value);
  }

  private static Map<String, Object> check(
      Origin origin, String where, Map<String, Object> message) {
    if (!(message.get("role") instanceof String role) || role.isBlank()) {
      throw new DataException(
          origin,
          where
              + ": \"role\" must be text such as user or assistant, found "
              + shown(message.get("role"))
              + "; keys are "
              + message.keySet());
    }
    Object calls = message.get("tool_calls");
    if (calls != null
        && !(calls instanceof List<?> list && list.stream().allMatch(Map.class::isInstance))) {
      throw new DataException(
          origin, where + ": \"tool_calls\" must be a list of objects, found " + shown(calls));
    }
    boolean calling = calls instanceof List<?> list && !list.isEmpty();
    Object content = message.get("content");
    if (content instanceof List<?> parts) {
      checkParts(origin, where, parts);
    } else if (content == null ? !calling : !(content instanceof String)) {
      throw new DataException(
          origin,
          where
              + ": \"content\" must be text or a list of parts (null only with \"tool_calls\"), found "
              + shown(content));
    }
    Map<String, Object> result = new LinkedHashMap<>(message);
    result.entrySet().removeIf(e -> e.getValue() == null && !e.getKey().equals("content"));
    return Collections.unmodifiableMap(result);
  }

  private static void checkParts(Origin origin, String where, List<?> parts) {
    for (int i = 0; i < parts.size(); i++) {
      String part = where + ".content[" + i + "]";
      if (!(parts.get(i) instanceof Map<?, ?> map) || !(map.get("type") instanceof String type)) {
        throw new DataException(
            origin, part + ": must be an object with a \"type\", found " + shown(parts.get(i)));
      }
      if (type.equals("text") && !(map.get("text") instanceof String)) {
        throw new DataException(
            origin,
            part + ": a part of type text must have \"text\", found " + shown(map.get("text")));
      }
    }
  }

  private static Map<String, Object> fromShareGpt(
      Origin origin, String where, Map<String, Object> message) {
    if (!(message.get("from") instanceof String from)) {
      throw new DataException(
          origin,
          where
              + ": \"from\" must be text such as human or gpt, found "
              + shown(message.get("from")));
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("role", role(from));
    boolean call = from.equals("function_call");
    result.put("content", call ? "" : message.get("value"));
    if (call) {
      result.put("tool_calls", toolCalls(origin, where, message.get("value")));
    }
    message.forEach(
        (key, value) -> {
          if (!key.equals("from") && !key.equals("value")) {
            result.putIfAbsent(key, value);
          }
        });
    return result;
  }

  private static String role(String from) {
    return switch (from.toLowerCase(Locale.ROOT)) {
      case "human", "user" -> "user";
      case "gpt", "chatgpt", "assistant", "function_call" -> "assistant";
      case "system" -> "system";
      case "observation", "tool" -> "tool";
      default -> from;
    };
  }

  /**
   * ShareGPT writes a call as JSON text: {@code {"name": ..., "arguments": {...}}}, or a list of
   * these.
   */
  private static List<Map<String, Object>> toolCalls(
      Origin origin, String where, @Nullable Object value) {
    Object parsed = value;
    if (value instanceof String text) {
      try {
        parsed = JSON.readValue(text, Object.class);
      } catch (JsonProcessingException e) {
        throw new DataException(
            origin,
            where + ": the value of a function_call is not JSON: " + JsonRows.problem(e),
            e);
      }
    }
    List<?> calls = parsed instanceof List<?> list ? list : Collections.singletonList(parsed);
    List<Map<String, Object>> result = new ArrayList<>();
    for (Object call : calls) {
      if (!(call instanceof Map<?, ?> map) || !(map.get("name") instanceof String)) {
        throw new DataException(
            origin,
            where
                + ": a function_call must be an object with \"name\" and \"arguments\", found "
                + shown(call));
      }
      Map<String, Object> wrapped = new LinkedHashMap<>();
      wrapped.put("type", "function");
      wrapped.put("function", map(map));
      result.add(Collections.unmodifiableMap(wrapped));
    }
    return Collections.unmodifiableList(result);
  }
}
