package dev.temper.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Typed access to the columns of a row, for a {@link RowFormat}. Remembers which columns were read;
 * {@link #info} hands on the rest.
 *
 * <p>Whatever is wrong becomes a {@link DataException} that names file, line, column, what was
 * found and what was expected. Files of text alone (CSV) have no other types: numbers, booleans and
 * lists are also read from text that holds them.
 */
public final class ColumnReader {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final Origin origin;
  private final String path;
  private final Map<String, ? extends @Nullable Object> values;
  private final Set<String> used = new HashSet<>();

  /** Reads the columns of {@code row}. */
  public ColumnReader(Row row) {
    this(row.origin(), "", row.values());
  }

  private ColumnReader(Origin origin, String path, Map<String, ? extends @Nullable Object> values) {
    this.origin = origin;
    this.path = path;
    this.values = values;
  }

  /** Where the row stands. */
  public Origin origin() {
    return origin;
  }

  /**
   * Whether an optional column of the format has a value; either way it is one of the format's own,
   * not to be copied through.
   */
  public boolean has(String column) {
    return take(column) != null;
  }

  /** The value, or null if the cell is empty or absent. */
  public @Nullable Object take(String column) {
    used.add(column);
    return values.get(column);
  }

  /**
   * Leaves columns among the extras although they are read: what a reward function or a filter may
   * still want.
   */
  public ColumnReader keep(String... columns) {
    used.removeAll(List.of(columns));
    return this;
  }

  /** A text. */
  public String text(String column) {
    Object value = take(column);
    if (value instanceof String text) {
      return text;
    }
    throw wrong(column, value, "text");
  }

  /** A text, empty if there is none. */
  public String textOrEmpty(String column) {
    return has(column) ? text(column) : "";
  }

  /** A list of texts; one text alone is a list of one. */
  public List<String> texts(String column) {
    Object value = take(column);
    if (value instanceof String text && !text.startsWith("[")) {
      return List.of(text);
    }
    List<?> list = list(column);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      if (!(list.get(i) instanceof String text)) {
        throw wrong(column + "[" + i + "]", list.get(i), "text");
      }
      texts.add(text);
    }
    return texts;
  }

  /** A finite number. */
  public double number(String column) {
    Object value = take(column);
    double number = Double.NaN;
    if (value instanceof Number n) {
      number = n.doubleValue();
    } else if (value instanceof String text) {
      try {
        number = Double.parseDouble(text.strip());
      } catch (NumberFormatException e) {
        throw wrong(column, value, "a number");
      }
    }
    if (!Double.isFinite(number)) {
      throw wrong(column, value, "a number");
    }
    return number;
  }

  /** A finite number, if there is one; an empty cell of a CSV file is none. */
  public OptionalDouble optionalNumber(String column) {
    Object value = take(column);
    boolean empty = value == null || (value instanceof String text && text.isBlank());
    return empty ? OptionalDouble.empty() : OptionalDouble.of(number(column));
  }

  /** A whole number from {@code least} to {@code most}. */
  public int integer(String column, int least, int most) {
    double number = number(column);
    if (number != Math.rint(number) || number < least || number > most) {
      throw wrong(column, values.get(column), "a whole number from " + least + " to " + most);
    }
    return (int) number;
  }

  /** True or false; also 1 or 0. */
  public boolean flag(String column) {
    Object value = take(column);
    String text = String.valueOf(value).toLowerCase(Locale.ROOT);
    if (text.equals("true") || text.equals("1")) {
      return true;
    }
    if (text.equals("false") || text.equals("0")) {
      return false;
    }
    throw wrong(column, value, "true or false");
  }

  /** A list. */
  public List<?> list(String column) {
    Object value = take(column);
    if (value instanceof List<?> list) {
      return list;
    }
    if (value instanceof String text
        && text.startsWith("[")
        && json(column, text) instanceof List<?> list) {
      return list;
    }
    throw wrong(column, value, "a list");
  }

  /** An object, as columns of its own. */
  public ColumnReader object(String column) {
    return nested(column, take(column));
  }

  /** A list of objects, each as columns of its own. */
  public List<ColumnReader> objects(String column) {
    List<?> list = list(column);
    List<ColumnReader> objects = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      objects.add(nested(column + "[" + i + "]", list.get(i)));
    }
    return objects;
  }

  private ColumnReader nested(String column, @Nullable Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw wrong(column, value, "an object");
    }
    return new ColumnReader(origin, path + column + ".", Messages.map(map));
  }

  /** Text, or a list of messages. */
  public Passage passage(String column) {
    Object value = take(column);
    if (value instanceof String text) {
      return new Passage.Text(text);
    }
    if (value instanceof List<?>) {
      return new Passage.Messages(messages(column));
    }
    throw wrong(column, value, "text or a list of messages");
  }

  /**
   * Token ids, or masks of zeros and ones (or booleans): integers of at least {@code least} and at
   * most {@code most}.
   */
  public int[] integers(String column, int least, int most) {
    List<?> list = list(column);
    int[] result = new int[list.size()];
    for (int i = 0; i < result.length; i++) {
      Object value = list.get(i);
      if (value instanceof Boolean bit) {
        value = bit ? 1 : 0;
      }
      if (!(value instanceof Integer number) || number < least || number > most) {
        String range =
            most == Integer.MAX_VALUE
                ? "an integer of at least " + least
                : "an integer from " + least + " to " + most;
        throw wrong(column + "[" + i + "]", value, range);
      }
      result[i] = number;
    }
    return result;
  }

  /**
   * A conversation in role/content form; from/value and the other spellings of ShareGPT are brought
   * to it.
   */
  public List<Map<String, Object>> messages(String column) {
    Object value = take(column);
    return Messages.read(
        origin,
        path + column,
        value instanceof String text && text.startsWith("[") ? list(column) : value);
  }

  /**
   * Tools and template variables, from the columns {@code tools} and {@code chat_template_kwargs}.
   */
  public ChatContext context() {
    return new ChatContext(tools(), templateKwargs());
  }

  /** Origin, weight, and every column that was not read: call it last. */
  public RowInfo info() {
    double weight = optionalNumber("weight").orElse(1);
    Map<String, @Nullable Object> extras = new LinkedHashMap<>(values);
    extras.keySet().removeAll(used);
    return new RowInfo(origin, weight, extras);
  }

  /** The error that a value is not what the format needs. */
  public DataException wrong(String column, @Nullable Object value, String expected) {
    return new DataException(
        origin,
        "column \""
            + path
            + column
            + "\" must be "
            + expected
            + ", found "
            + Messages.shown(value));
  }

  private List<Map<String, Object>> tools() {
    Object value = take("tools");
    if (value instanceof String text) {
      if (text.isBlank()) {
        return List.of();
      }
      value = json("tools", text);
    }
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> list)) {
      throw wrong("tools", value, "a list of JSON schemas, or that list as a JSON string");
    }
    List<Map<String, Object>> tools = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      if (!(list.get(i) instanceof Map<?, ?> tool)) {
        throw wrong("tools[" + i + "]", list.get(i), "a JSON schema (an object)");
      }
      tools.add(Messages.map(tool));
    }
    return tools;
  }

  private Map<String, @Nullable Object> templateKwargs() {
    Object value = take("chat_template_kwargs");
    if (value == null) {
      return Map.of();
    }
    if (value instanceof Map<?, ?> map) {
      return Messages.map(map);
    }
    throw wrong("chat_template_kwargs", value, "an object");
  }

  private @Nullable Object json(String column, String text) {
    try {
      return JSON.readValue(text, Object.class);
    } catch (JsonProcessingException e) {
      throw new DataException(
          origin,
          "column \"" + path + column + "\" is text but not JSON: " + JsonRows.problem(e),
          e);
    }
  }
}
