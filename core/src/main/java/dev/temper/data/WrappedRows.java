package dev.temper.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes apart a file that is one JSON object around all its rows: {@code {"data": [{...}, ...]}},
 * or columns of lists ({@code {"prompt": ["a", "b"], "completion": ["c", "d"]}}). A file of more
 * than one object is left as it is.
 */
final class WrappedRows implements RowReader {
  /** Keys under which rows are put. */
  private static final Set<String> ROWS = Set.of("data", "rows", "examples", "train");

  /** Columns that hold a list in a single row too: only lists of lists are cells there. */
  private static final Set<String> LISTS =
      Set.of(
          "messages",
          "input_ids",
          "attention_mask",
          "labels",
          "completion_mask",
          "assistant_masks",
          "completions",
          "steps",
          "data",
          "conversations",
          "tools",
          "human_answers",
          "chatgpt_answers",
          "endings");

  /** Columns that may hold messages or the like: a list of objects is one cell there. */
  private static final Set<String> OBJECTS =
      Set.of(
          "conversation",
          "prompt",
          "completion",
          "chosen",
          "rejected",
          "text",
          "answers",
          "instances",
          "summaries");

  private final RowReader source;
  private final Deque<Row> ahead = new ArrayDeque<>();
  private boolean begun;

  WrappedRows(RowReader source) {
    this.source = source;
  }

  @Override
  public @Nullable Row next() {
    if (!begun) {
      begun = true;
      Row first = source.next();
      if (first == null) {
        return null;
      }
      List<Row> inside = inside(first);
      if (inside.isEmpty()) {
        return first;
      }
      Row second = source.next();
      if (second == null) {
        ahead.addAll(inside);
      } else {
        ahead.add(first);
        ahead.add(second);
      }
    }
    Row row = ahead.poll();
    return row == null ? source.next() : row;
  }

  @Override
  public void close() {
    source.close();
  }

  private static List<Row> inside(Row row) {
    for (Map.Entry<String, @Nullable Object> entry : row.values().entrySet()) {
      if (ROWS.contains(entry.getKey())
          && entry.getValue() instanceof List<?> list
          && !list.isEmpty()
          && list.stream().allMatch(Map.class::isInstance)) {
        List<Row> rows = new ArrayList<>();
        for (Object element : list) {
          rows.add(new Row(element(row, rows.size()), Messages.map((Map<?, ?>) element)));
        }
        return rows;
      }
    }
    return columns(row);
  }

  private static List<Row> columns(Row row) {
    int length = -1;
    boolean scalars = false;
    for (Map.Entry<String, @Nullable Object> entry : row.values().entrySet()) {
      if (!(entry.getValue() instanceof List<?> list)
          || (length >= 0 && list.size() != length)
          || !cells(entry.getKey(), list)) {
        return List.of();
      }
      length = list.size();
      scalars |= list.stream().noneMatch(cell -> cell instanceof List || cell instanceof Map);
    }
    if (!scalars) {
      return List.of();
    }
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      Map<String, @Nullable Object> values = new LinkedHashMap<>();
      for (Map.Entry<String, @Nullable Object> entry : row.values().entrySet()) {
        if (entry.getValue() instanceof List<?> list) {
          values.put(entry.getKey(), list.get(i));
        }
      }
      rows.add(new Row(element(row, i), values));
    }
    return rows;
  }

  /** Whether the elements are cells of a column, and not what one cell of it holds. */
  private static boolean cells(String column, List<?> list) {
    return LISTS.contains(column)
        ? list.stream().allMatch(List.class::isInstance)
        : !OBJECTS.contains(column) || list.stream().noneMatch(Map.class::isInstance);
  }

  private static Origin element(Row row, int index) {
    return new Origin(row.origin().file(), row.origin().line(), index);
  }
}
