package dev.temper.train.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricSinksTest {
  @TempDir Path directory;

  private static MetricRow train(long step, double loss) {
    return MetricRow.train(step, step / 10.0, Map.of("loss", loss));
  }

  private static MetricRow eval(long step, double loss) {
    return MetricRow.eval(step, step / 10.0, Map.of("loss", loss));
  }

  @Test
  void row_prefixes_held_out_names_and_keeps_their_order() {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("loss", 1.0);
    values.put("eval_accuracy", 0.5);
    assertThat(MetricRow.eval(1, 0, values).values().keySet())
        .containsExactly("eval_loss", "eval_accuracy");
  }

  @Test
  void row_rejects_reserved_and_unprintable_names() {
    assertThatThrownBy(() -> MetricRow.train(1, 0, Map.of("epoch", 1.0)))
        .hasMessageContaining("'epoch' is a column of its own");
    assertThatThrownBy(() -> MetricRow.train(1, 0, Map.of("a\nb", 1.0)))
        .hasMessageContaining("printable");
    assertThatThrownBy(() -> MetricRow.train(-1, 0, Map.of())).hasMessageContaining("step");
    assertThatThrownBy(() -> MetricRow.train(1, Double.NaN, Map.of()))
        .hasMessageContaining("epoch");
  }

  @Test
  void jsonl_has_one_object_a_line_that_is_on_disk_before_close() throws IOException {
    Path file = directory.resolve("metrics.jsonl");
    try (JsonlSink sink = new JsonlSink(file)) {
      sink.record(MetricRow.train(3, 0.5, Map.of("loss", 1.25)));
      assertThat(Files.readString(file))
          .isEqualTo("{\"step\":3,\"epoch\":0.5,\"phase\":\"train\",\"loss\":1.25}\n");
    }
  }

  @Test
  void jsonl_reads_back_what_it_wrote_including_values_json_lacks() {
    Path file = directory.resolve("metrics.jsonl");
    List<MetricRow> rows =
        List.of(
            train(1, Double.NaN),
            train(2, Double.POSITIVE_INFINITY),
            train(3, 1.0 / 3),
            eval(3, Double.NEGATIVE_INFINITY));
    try (JsonlSink sink = new JsonlSink(file)) {
      rows.forEach(sink::record);
    }
    assertThat(MetricLog.read(file)).isEqualTo(rows);
  }

  @Test
  void jsonl_resume_drops_later_and_torn_rows_and_goes_on() throws IOException {
    Path file = directory.resolve("metrics.jsonl");
    try (JsonlSink sink = new JsonlSink(file)) {
      List.of(eval(0, 9), train(1, 1), train(2, 2), eval(2, 5), train(3, 3)).forEach(sink::record);
    }
    Files.writeString(file, "{\"step\":4,\"epo", StandardOpenOption.APPEND);
    assertThat(MetricLog.read(file)).hasSize(5);
    try (JsonlSink sink = new JsonlSink(file, 2)) {
      sink.record(train(3, 30));
    }
    assertThat(MetricLog.read(file))
        .containsExactly(eval(0, 9), train(1, 1), train(2, 2), eval(2, 5), train(3, 30));
    assertThat(directory).isDirectoryNotContaining("glob:**.tmp");
  }

  @Test
  void fresh_sinks_refuse_a_file_that_holds_rows() throws IOException {
    Path file = Files.writeString(directory.resolve("metrics"), "x\n");
    assertThatThrownBy(() -> new JsonlSink(file))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("already holds metrics");
    assertThatThrownBy(() -> new CsvSink(file))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void reading_names_file_and_line_of_a_broken_row() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("m.jsonl"),
            "{\"step\":1,\"epoch\":0,\"phase\":\"train\"}\nnope\n{}\n");
    assertThatThrownBy(() -> MetricLog.read(file))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("m.jsonl line 2");
  }

  @Test
  void csv_adds_a_column_when_a_metric_appears_and_quotes_its_name() throws IOException {
    Path file = directory.resolve("metrics.csv");
    try (CsvSink sink = new CsvSink(file)) {
      sink.record(train(1, 0.5));
      sink.record(eval(1, 2));
      sink.record(MetricRow.train(2, 0.25, Map.of("reward, \"total\"", Double.NaN)));
    }
    assertThat(file)
        .hasContent(
            """
            step,epoch,phase,loss,eval_loss,"reward, ""total""\"
            1,0.1,train,0.5,,
            1,0.1,eval,,2.0,
            2,0.25,train,,,NaN
            """);
  }

  @Test
  void csv_resume_keeps_columns_and_drops_later_and_torn_rows() throws IOException {
    Path file = directory.resolve("metrics.csv");
    try (CsvSink sink = new CsvSink(file)) {
      sink.record(MetricRow.train(1, 0, Map.of("a,b", 1.0)));
      sink.record(eval(1, 2));
      sink.record(eval(2, 3));
    }
    Files.writeString(file, "1,0.", StandardOpenOption.APPEND);
    try (CsvSink sink = new CsvSink(file, 1)) {
      sink.record(eval(2, 30));
    }
    assertThat(file)
        .hasContent(
            """
            step,epoch,phase,"a,b",eval_loss
            1,0.0,train,1.0,
            1,0.1,eval,,2.0
            2,0.2,eval,,30.0
            """);
  }

  @Test
  void a_failure_after_opening_does_not_reach_the_training_loop() throws IOException {
    Path runs = Files.createDirectory(directory.resolve("runs"));
    try (CsvSink sink = new CsvSink(runs.resolve("metrics.csv"));
        TensorBoardSink board = new TensorBoardSink(runs.resolve("tensorboard"))) {
      sink.record(train(1, 1));
      Files.delete(runs.resolve("metrics.csv")); // so that adding a column cannot read the file
      Files.writeString(runs.resolve("tensorboard/eval"), "a file where the directory should be");
      assertThatCode(
              () -> {
                sink.record(eval(1, 1));
                sink.record(eval(2, 1));
                board.record(eval(1, 1));
                board.record(eval(2, 1));
                board.record(train(2, 1));
              })
          .doesNotThrowAnyException();
    }
  }

  @Test
  void closed_sinks_drop_rows_and_close_twice() throws IOException {
    Path file = directory.resolve("metrics.jsonl");
    JsonlSink sink = new JsonlSink(file);
    sink.close();
    sink.record(train(1, 1));
    sink.flush();
    sink.close();
    assertThat(file).isEmptyFile();
  }

  @Test
  void composite_goes_on_without_a_sink_that_throws() {
    List<MetricRow> seen = new ArrayList<>();
    List<String> closed = new ArrayList<>();
    MetricSink broken =
        new MetricSink() {
          @Override
          public void record(MetricRow row) {
            throw new IllegalStateException("broken");
          }

          @Override
          public void close() {
            closed.add("broken");
          }
        };
    MetricSink good =
        new MetricSink() {
          @Override
          public void record(MetricRow row) {
            seen.add(row);
          }

          @Override
          public void close() {
            closed.add("good");
          }
        };
    try (CompositeSink sink = new CompositeSink(List.of(broken, good))) {
      sink.record(train(1, 1));
      sink.record(train(2, 1));
    }
    assertThat(seen).hasSize(2);
    assertThat(closed).containsExactly("broken", "good");
  }
}
