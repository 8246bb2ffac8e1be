package dev.temper.cli;

import dev.temper.data.BinaryRow;
import dev.temper.data.DataFiles;
import dev.temper.data.PairRow;
import dev.temper.data.Passage;
import dev.temper.data.PromptRow;
import dev.temper.data.RankedRow;
import dev.temper.data.Row;
import dev.temper.data.RowFormat;
import dev.temper.data.RowFormats;
import dev.temper.data.RowLimits;
import dev.temper.data.RowReader;
import dev.temper.data.RowView;
import dev.temper.data.Rows;
import dev.temper.data.SftRow;
import dev.temper.data.StepwiseRow;
import dev.temper.data.TokenExample;
import dev.temper.data.TokenRow;
import dev.temper.data.TypedRow;
import dev.temper.data.TypedRows;
import dev.temper.sft.SftEncoder;
import dev.temper.text.ChatEncoder;
import dev.temper.text.ChatTemplate;
import dev.temper.text.Message;
import dev.temper.text.Tokenizer;
import dev.temper.text.TrainOn;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is in data files: the format recognised, columns, lengths, duplicates, empty fields, and the
 * first row as a trainer sees it.
 */
final class DataInspection {
  private static final RowView<TypedRow> ANY =
      new RowView<>("inspection", row -> Optional.of(List.of(row)));

  private final Path path;
  private final PrintWriter out;
  private final Marks marks;
  private final RowFormats formats;
  private final @Nullable Tokenizer tokenizer;
  private final @Nullable SftEncoder encoder;

  /**
   * An inspection of a file, folder or pattern.
   *
   * @param tokenizer counts tokens and renders chats; without it lengths are in characters alone
   * @param format name of the format to read the data by; null recognises it
   * @param colour whether marked text is coloured, or put in brackets
   */
  DataInspection(
      Path path,
      PrintWriter out,
      @Nullable Tokenizer tokenizer,
      @Nullable String format,
      boolean colour) {
    this.path = path;
    this.out = out;
    this.marks = new Marks(colour);
    RowFormats standard = RowFormats.standard();
    this.formats = format == null ? standard : new RowFormats(List.of(standard.named(format)));
    this.tokenizer = tokenizer;
    this.encoder = tokenizer == null ? null : new SftEncoder(tokenizer, TrainOn.assistant(), true);
  }

  /** Whether a path means data rather than a model. */
  static boolean isData(Path path) {
    if (Files.isDirectory(path)) {
      return !Files.exists(path.resolve("config.json"))
          && !Files.exists(path.resolve("adapter_model.safetensors"))
          && !Files.exists(path.resolve("model.safetensors"));
    }
    boolean pattern = path.toString().matches(".*[*?{].*");
    return (pattern || Files.exists(path)) && !path.toString().endsWith(".safetensors");
  }

  /** Reads all rows and prints what was found. */
  void print() {
    List<Path> files = DataFiles.find(path);
    out.println("data " + path + (files.size() == 1 ? "" : ", " + files.size() + " files"));
    RowTally tally = new RowTally();
    RowReader rows = tally.over(Rows.open(files, RowLimits.DEFAULT));
    Row first = first(files);
    if (first != null && formats.formats().size() > 1 && formats.recognised(first).isEmpty()) {
      try (rows) {
        rows.stream().forEach(row -> {});
      }
      line("format", "not recognised: see docs/data.md, or name one by --format");
      tally.print(this::line);
      return;
    }
    Lengths characters = new Lengths();
    Lengths tokens = new Lengths();
    TypedRow shown = null;
    try (TypedRows.Reader<TypedRow> reader = new TypedRows.Reader<>(rows, formats, ANY)) {
      for (TypedRow row = reader.next(); row != null; row = reader.next()) {
        shown = shown == null ? row : shown;
        characters.add(parts(row).stream().mapToInt(part -> part.text().length()).sum());
        if (tokenizer != null) {
          tokens.add(tokens(row));
        }
      }
      reader.format().ifPresent(format -> line("format", described(format)));
    }
    tally.print(this::line);
    if (shown == null) {
      return;
    }
    line("examples", Long.toString(characters.count()));
    line("characters", characters.quantiles());
    if (tokenizer != null) {
      line("tokens", tokens.quantiles());
    }
    out.println(
        "first example, "
            + shown.getClass().getSimpleName()
            + " ("
            + marks.trained("trained or preferred")
            + ")");
    out.println(rendered(shown).indent(2).stripTrailing());
  }

  private static @Nullable Row first(List<Path> files) {
    try (RowReader reader = Rows.open(files, RowLimits.DEFAULT)) {
      return reader.next();
    }
  }

  private static String described(RowFormat format) {
    return format.name()
        + ": "
        + format.columns()
        + " -> "
        + format.kinds().stream()
            .map(Class::getSimpleName)
            .sorted()
            .collect(Collectors.joining(", "));
  }

  private void line(String name, String value) {
    out.printf(Locale.ROOT, "  %-11s %s%n", name, value);
  }

  /** A piece of an example under a name; preferred is what a trainer would learn. */
  private record Part(String name, String text, boolean preferred) {}

  private static List<Part> parts(TypedRow row) {
    List<Part> parts = new ArrayList<>();
    if (row instanceof dev.temper.data.TextRow r) {
      parts.add(new Part("text", r.text(), true));
    } else if (row instanceof TokenRow r) {
      parts.add(new Part("ids", Arrays.toString(r.example().ids()), true));
    } else if (row instanceof dev.temper.data.ChatRow r) {
      add(parts, "", new Passage.Messages(r.messages()), false);
    } else if (row instanceof dev.temper.data.PromptCompletionRow r) {
      add(parts, "prompt", r.prompt(), false);
      add(parts, "completion", r.completion(), true);
    } else if (row instanceof PairRow r) {
      add(parts, "prompt", r.prompt(), false);
      add(parts, "chosen", r.chosen(), true);
      add(parts, "rejected", r.rejected(), false);
    } else if (row instanceof RankedRow r) {
      add(parts, "prompt", r.prompt(), false);
      r.completions()
          .forEach(
              c -> add(parts, "score " + c.score(), c.completion(), c.equals(r.ranking().get(0))));
    } else if (row instanceof BinaryRow r) {
      add(parts, "prompt", r.prompt(), false);
      add(parts, r.label() ? "good" : "bad", r.completion(), r.label());
    } else if (row instanceof StepwiseRow r) {
      parts.add(new Part("prompt", r.prompt(), false));
      for (int i = 0; i < r.steps().size(); i++) {
        double label = r.labels().get(i);
        parts.add(new Part("step " + label, r.steps().get(i), label >= 0.5));
      }
    } else if (row instanceof PromptRow r) {
      add(parts, "prompt", r.prompt(), false);
    }
    return parts;
  }

  private static void add(List<Part> parts, String name, Passage passage, boolean preferred) {
    if (passage instanceof Passage.Text text) {
      parts.add(new Part(name, text.text(), preferred));
      return;
    }
    ((Passage.Messages) passage)
        .messages()
        .forEach(
            message -> {
              String role = String.valueOf(message.get("role"));
              Object content = message.get("content");
              parts.add(
                  new Part(
                      (name + " " + role).strip(),
                      content == null ? "" : content.toString(),
                      name.isEmpty() ? role.equals("assistant") : preferred));
            });
  }

  /** Tokens of the example; of preferences, of the prompt with the preferred completion. */
  private int tokens(TypedRow row) {
    TokenExample example = encoded(row);
    if (example != null) {
      return example.length();
    }
    if (row instanceof PromptRow r && r.prompt() instanceof Passage.Messages messages) {
      List<Message> chat = messages.messages().stream().map(Message::of).toList();
      return ChatEncoder.of(Given.of(tokenizer, "--tokenizer"))
          .prompt(chat, ChatTemplate.Options.DEFAULT)
          .length;
    }
    Tokenizer counter = Given.of(tokenizer, "--tokenizer");
    return parts(row).stream().mapToInt(part -> counter.ids(part.text()).length).sum();
  }

  private @Nullable TokenExample encoded(TypedRow row) {
    SftRow trained = null;
    if (row instanceof SftRow r) {
      trained = r;
    } else if (row instanceof PairRow r) {
      trained = r.preferred();
    } else if (row instanceof RankedRow r) {
      trained = r.best();
    }
    return trained == null || encoder == null ? null : encoder.encode(trained);
  }

  private String rendered(TypedRow row) {
    TokenExample example = encoded(row);
    if (example != null && tokenizer != null) {
      return masked(example, tokenizer);
    }
    return parts(row).stream()
        .map(
            part ->
                "<"
                    + part.name()
                    + "> "
                    + (part.preferred() ? marks.trained(part.text()) : part.text()))
        .collect(Collectors.joining("\n"));
  }

  /** The text of the tokens; stretches that are trained are marked. */
  private String masked(TokenExample example, Tokenizer decoder) {
    StringBuilder text = new StringBuilder();
    float[] weights = example.weights();
    for (int start = 0; start < example.length(); ) {
      int end = start + 1;
      while (end < example.length() && weights[end] > 0 == weights[start] > 0) {
        end++;
      }
      String piece = decoder.decode(Arrays.copyOfRange(example.ids(), start, end), false);
      text.append(weights[start] > 0 ? marks.trained(piece) : piece);
      start = end;
    }
    return text.toString();
  }

  /** How trained text is told from the rest. */
  private record Marks(boolean colour) {
    String trained(String text) {
      // Colours end at a line's end in some pagers, so every line has its own.
      return colour
          ? text.lines().map(l -> "\u001b[32m" + l + "\u001b[0m").collect(Collectors.joining("\n"))
              + (text.endsWith("\n") ? "\n" : "")
          : "[[" + text + "]]";
    }
  }

  /** Lengths of examples. */
  private static final class Lengths {
    private final List<Integer> values = new ArrayList<>();

    void add(int value) {
      values.add(value);
    }

    long count() {
      return values.size();
    }

    String quantiles() {
      List<Integer> sorted = values.stream().sorted().toList();
      return "shortest "
          + at(sorted, 0)
          + ", 25% "
          + at(sorted, 0.25)
          + ", median "
          + at(sorted, 0.5)
          + ", 75% "
          + at(sorted, 0.75)
          + ", 95% "
          + at(sorted, 0.95)
          + ", longest "
          + at(sorted, 1);
    }

    private static int at(List<Integer> sorted, double share) {
      return sorted.get((int) Math.round(share * (sorted.size() - 1)));
    }
  }
}
