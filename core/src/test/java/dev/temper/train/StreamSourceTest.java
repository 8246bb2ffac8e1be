package dev.temper.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.data.DataException;
import dev.temper.data.RowFormats;
import dev.temper.data.RowView;
import dev.temper.data.SftRow;
import dev.temper.data.ShuffleBuffer;
import dev.temper.data.TextRow;
import dev.temper.data.TypedRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreamSourceTest {
  @TempDir Path dir;

  @Test
  void streams_steps_across_passes_and_resumes_within_one() throws IOException {
    Path file =
        Files.write(
            dir.resolve("rows.jsonl"),
            IntStream.range(0, 10).mapToObj(i -> "{\"text\":\"" + i + "\"}").toList());
    List<String> expected = new ArrayList<>();
    String state;
    try (StreamSource<SftRow, String> source = source(file)) {
      List<String> drawn = new ArrayList<>();
      for (int step = 0; step < 3; step++) {
        drawn.addAll(source.next());
      }
      assertThat(source.epoch()).isEqualTo(1.2);
      assertThat(new HashSet<>(drawn.subList(0, 10))).hasSize(10);
      state = source.state();
      expected.addAll(source.next());
    }
    try (StreamSource<SftRow, String> source = source(file)) {
      source.resume(state);
      assertThat(source.epoch()).isEqualTo(1.2);
      assertThat(source.next()).isEqualTo(expected);
      assertThatThrownBy(() -> source.resume("{}")).isInstanceOf(DataException.class);
    }
  }

  private static StreamSource<SftRow, String> source(Path file) {
    return new StreamSource<>(
        new ShuffleBuffer<>(() -> TypedRows.open(file, RowFormats.standard(), RowView.SFT), 4, 3),
        row -> ((TextRow) row).text(),
        4);
  }
}
