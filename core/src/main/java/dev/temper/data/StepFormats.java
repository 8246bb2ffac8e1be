package dev.temper.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Solutions in steps with labels, for process reward models. */
final class StepFormats {
  private static final String TAG = "ки";

  static final List<RowFormat> ALL =
      List.of(
          RowFormat.many("prm800k", StepwiseRow.class, StepFormats::prm800k, "question", "label")
              .when(row -> row.values().get("label") instanceof Map<?, ?>),
          RowFormat.of(
                  "math-shepherd", StepwiseRow.class, StepFormats::mathShepherd, "input", "label")
              .when(row -> String.valueOf(row.values().get("input")).contains(TAG)),
          RowFormat.of(
                  "bigbench-mistake", StepwiseRow.class, StepFormats::mistake, "input", "steps")
              .optional("mistake_index"),
          RowFormat.many(
                  "omegaprm-tree",
                  StepwiseRow.class,
                  StepFormats::tree,
                  "question",
                  "reasoning_steps")
              .when(row -> row.values().get("reasoning_steps") instanceof Map<?, ?>));

  private StepFormats() {}

  /**
   * A solution for each path: every completion that was not followed ends one, and so does the last
   * step. A step is right if its rating is 1, as in TRL's conversion: neutral steps (0) count as
   * wrong, where the paper (Lightman et al. 2023) leaves the choice open.
   */
  private static List<StepwiseRow> prm800k(ColumnReader columns) {
    String problem = columns.object("question").text("problem");
    List<ColumnReader> steps = columns.object("label").objects("steps");
    columns.keep("question");
    RowInfo info = columns.info();
    List<StepwiseRow> rows = new ArrayList<>();
    List<String> path = new ArrayList<>();
    List<Double> labels = new ArrayList<>();
    for (ColumnReader step : steps) {
      List<ColumnReader> completions =
          step.has("completions") ? step.objects("completions") : List.of();
      int followed =
          step.has("chosen_completion")
              ? step.integer("chosen_completion", 0, Math.max(0, completions.size() - 1))
              : -1;
      for (int i = 0; i < completions.size(); i++) {
        if (i != followed) {
          rows.add(
              new StepwiseRow(
                  problem,
                  plus(path, completions.get(i).text("text")),
                  plus(labels, rating(completions.get(i))),
                  info));
        }
      }
      if (followed >= 0 && followed < completions.size()) {
        path.add(completions.get(followed).text("text"));
        labels.add(rating(completions.get(followed)));
      } else if (step.has("human_completion")) {
        path.add(step.object("human_completion").text("text"));
        labels.add(1.0);
      } else {
        path.clear();
        break;
      }
    }
    if (!path.isEmpty()) {
      rows.add(new StepwiseRow(problem, path, labels, info));
    }
    return rows;
  }

  private static double rating(ColumnReader completion) {
    return completion.has("rating") && completion.integer("rating", -1, 1) == 1 ? 1 : 0;
  }

  private static <T> List<T> plus(List<T> list, T last) {
    List<T> longer = new ArrayList<>(list);
    longer.add(last);
    return longer;
  }

  /** The label repeats the input with + or - in place of the tag after each step. */
  private static StepwiseRow mathShepherd(ColumnReader columns) {
    String input = columns.text("input");
    String label = columns.text("label");
    int first = input.indexOf("Step 1:");
    if (first < 0) {
      throw columns.wrong("input", input, "a problem followed by \"Step 1:\" and so on");
    }
    List<String> steps = new ArrayList<>();
    List<Double> labels = new ArrayList<>();
    int start = 0;
    int inLabel = 0;
    for (int tag = input.indexOf(TAG); tag >= 0; tag = input.indexOf(TAG, start)) {
      int at = inLabel + tag - start;
      if (at >= label.length()
          || !label.startsWith(input.substring(start, tag), inLabel)
          || (label.charAt(at) != '+' && label.charAt(at) != '-')) {
        throw columns.wrong("label", label, "the input with + or - for each " + TAG);
      }
      String step = input.substring(Math.max(start, first), Math.max(tag, first)).strip();
      if (!step.isEmpty()) {
        steps.add(step);
        labels.add(label.charAt(at) == '+' ? 1.0 : 0.0);
      }
      start = tag + TAG.length();
      inLabel = at + 1;
    }
    return new StepwiseRow(input.substring(0, first).strip(), steps, labels, columns.info());
  }

  /** Steps before the first mistake are right, it and those after it wrong; null: no mistake. */
  private static StepwiseRow mistake(ColumnReader columns) {
    String prompt = columns.text("input");
    List<String> steps = columns.texts("steps");
    int mistake =
        columns.has("mistake_index")
            ? columns.integer("mistake_index", 0, Math.max(0, steps.size() - 1))
            : steps.size();
    List<Double> labels = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      labels.add(i < mistake ? 1.0 : 0.0);
    }
    columns.keep("mistake_index");
    return new StepwiseRow(prompt, steps, labels, columns.info());
  }

  /**
   * A solution for every leaf of the search tree, each step labelled by the share of rollouts from
   * it that were right (Luo et al. 2024).
   */
  private static List<StepwiseRow> tree(ColumnReader columns) {
    String question = columns.text("question");
    ColumnReader root = columns.object("reasoning_steps");
    RowInfo info = columns.info();
    List<StepwiseRow> rows = new ArrayList<>();
    for (ColumnReader child : children(root)) {
      walk(question, child, List.of(), List.of(), info, rows);
    }
    return rows;
  }

  private static void walk(
      String question,
      ColumnReader node,
      List<String> steps,
      List<Double> labels,
      RowInfo info,
      List<StepwiseRow> rows) {
    List<String> path = plus(steps, node.text("text"));
    List<Double> values = plus(labels, node.number("mc_value"));
    List<ColumnReader> children = children(node);
    if (children.isEmpty()) {
      rows.add(new StepwiseRow(question, path, values, info));
    }
    for (ColumnReader child : children) {
      walk(question, child, path, values, info, rows);
    }
  }

  private static List<ColumnReader> children(ColumnReader node) {
    return node.has("children") ? node.objects("children") : List.of();
  }
}
