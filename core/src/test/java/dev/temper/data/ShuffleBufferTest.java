package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShuffleBufferTest {
  private static final int ROWS = 200;
  @TempDir Path dir;
  private Path file;

  @BeforeEach
  void writeRows() throws IOException {
    file =
        Files.write(
            dir.resolve("rows.jsonl"),
            IntStream.range(0, ROWS).mapToObj(i -> "{\"text\":\"" + i + "\"}").toList());
  }

  @Test
  void every_pass_gives_each_row_once_in_another_order() {
    try (ShuffleBuffer<SftRow> rows = stream(50, 7)) {
      List<Integer> first = take(rows, ROWS);
      List<Integer> second = take(rows, ROWS);
      assertThat(first).containsExactlyInAnyOrderElementsOf(all());
      assertThat(second).containsExactlyInAnyOrderElementsOf(all());
      assertThat(first).isNotEqualTo(all()).isNotEqualTo(second);
      assertThat(rows.state()).isEqualTo(new ShuffleBuffer.State(1, ROWS));
      // A row comes at most a buffer earlier than it stands.
      for (int i = 0; i < ROWS; i++) {
        assertThat(first.get(i)).isLessThan(i + 50);
      }
    }
  }

  @Test
  void a_buffer_of_one_keeps_the_order() {
    try (ShuffleBuffer<SftRow> rows = stream(1, 7)) {
      assertThat(take(rows, ROWS)).isEqualTo(all());
    }
  }

  @Test
  void a_resumed_stream_goes_on_as_if_it_had_not_stopped() {
    for (int stop : List.of(0, 1, 130, ROWS, ROWS + 33)) {
      ShuffleBuffer.State state;
      List<Integer> expected;
      try (ShuffleBuffer<SftRow> rows = stream(32, 11)) {
        take(rows, stop);
        state = rows.state();
        expected = take(rows, 300);
      }
      try (ShuffleBuffer<SftRow> rows = stream(32, 11)) {
        rows.resume(state);
        assertThat(take(rows, 300)).isEqualTo(expected);
      }
    }
  }

  @Test
  void resuming_over_other_data_is_an_error() {
    try (ShuffleBuffer<SftRow> rows = stream(8, 1)) {
      assertThatThrownBy(() -> rows.resume(new ShuffleBuffer.State(0, ROWS + 1)))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("use the same data");
    }
    assertThatThrownBy(() -> stream(0, 1)).hasMessageContaining("size: 0 must be at least 1 row");
  }

  private ShuffleBuffer<SftRow> stream(int size, long seed) {
    return new ShuffleBuffer<>(
        () -> TypedRows.open(file, RowFormats.standard(), RowView.SFT), size, seed);
  }

  private static List<Integer> take(ShuffleBuffer<SftRow> rows, int n) {
    List<Integer> taken = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      taken.add(Integer.parseInt(((TextRow) rows.next()).text()));
    }
    return taken;
  }

  private static List<Integer> all() {
    return IntStream.range(0, ROWS).boxed().toList();
  }
}
