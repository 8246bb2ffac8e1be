package dev.temper.data;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One row of a data file, untyped: its columns in file order.
 *
 * <p>Values are what JSON has: {@code String}, {@code Integer}, {@code Long}, {@code BigInteger},
 * {@code Double}, {@code Boolean}, null, and unmodifiable {@code List} and {@code Map} of these.
 *
 * @param origin where the row stands
 * @param values unmodifiable map of column name to value
 */
public record Row(Origin origin, Map<String, @Nullable Object> values) {
  /** Copies the top level of {@code values}, keeping its order. */
  public Row {
    Objects.requireNonNull(origin, "origin");
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /**
   * A row from a JSON object, for a {@link RowFileType} whose library gives rows as JSON.
   *
   * @throws DataException if the text is something else, or larger than the limits allow
   */
  public static Row fromJson(Origin origin, String json, RowLimits limits) {
    try (JsonParser parser = JsonRows.factory(limits).createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new DataException(origin, "expected a JSON object { ... }");
      }
      return new Row(origin, JsonRows.object(parser, limits));
    } catch (JsonProcessingException e) {
      throw new DataException(origin, "not valid JSON: " + JsonRows.problem(e), e);
    } catch (IOException e) {
      throw Rows.unreadable(origin, e);
    }
  }

  /**
   * Names of the columns that have a value: a null cell counts as no cell, because merged data sets
   * fill missing columns with nulls.
   */
  public Set<String> columns() {
    Set<String> names = new LinkedHashSet<>();
    values.forEach(
        (name, value) -> {
          if (value != null) {
            names.add(name);
          }
        });
    return names;
  }

  /**
   * The same row with a column renamed, in its place; the way to use data whose columns have other
   * names ({@code response} for {@code output}).
   *
   * @throws DataException if there is no column {@code from}, or there already is a column {@code
   *     to}
   */
  public Row rename(String from, String to) {
    if (!values.containsKey(from)) {
      throw new DataException(
          origin, "no column \"" + from + "\" to rename; columns are " + values.keySet());
    }
    if (!from.equals(to) && values.containsKey(to)) {
      throw new DataException(
          origin, "column \"" + from + "\" cannot become \"" + to + "\": that column exists");
    }
    Map<String, @Nullable Object> renamed = new LinkedHashMap<>();
    values.forEach((name, value) -> renamed.put(name.equals(from) ? to : name, value));
    return new Row(origin, renamed);
  }
}
