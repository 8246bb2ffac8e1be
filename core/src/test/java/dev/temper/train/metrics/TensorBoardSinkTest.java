package dev.temper.train.metrics;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardSinkTest {
  private static final Instant NOW = Instant.ofEpochMilli(1_700_000_000_500L);

  @TempDir Path directory;

  @Test
  void masks_the_crc_of_the_standard_check_vector() {
    byte[] check = "123456789".getBytes(US_ASCII);
    int crc = 0xe3069283; // CRC-32C check value, RFC 3720
    assertThat(TfEvents.maskedCrc(check, 0, check.length))
        .isEqualTo(((crc >>> 15) | (crc << 17)) + 0xa282ead8);
    byte[] zeros = new byte[32]; // RFC 3720 B.4: 32 bytes of zeroes
    int zerosCrc = 0x8a9136aa;
    assertThat(TfEvents.maskedCrc(zeros, 0, 32))
        .isEqualTo(((zerosCrc >>> 15) | (zerosCrc << 17)) + 0xa282ead8);
  }

  @Test
  void writes_scalars_and_texts_that_parse_back() throws IOException {
    try (TensorBoardSink sink = new TensorBoardSink(directory, OptionalLong.empty(), () -> NOW)) {
      sink.record(MetricRow.train(7, 0.5, Map.of("loss", 1.5)));
      sink.text(7, "samples/0", "Grüße <script>");
    }
    Path file = directory.resolve("events.out.tfevents.1700000000.temper");
    List<Map<Integer, List<Object>>> events = read(file);
    assertThat(events).hasSize(3);
    assertThat(events.get(0))
        .containsEntry(1, List.of(1_700_000_000.5))
        .containsEntry(3, List.of(bytes("brain.Event:2")));
    assertThat(events.get(1)).containsEntry(2, List.of(7L));
    List<Object> values = summary(events.get(1));
    assertThat(fields(values.get(0)))
        .containsEntry(1, List.of(bytes("loss")))
        .containsEntry(2, List.of(1.5f));
    assertThat(fields(values.get(1)))
        .containsEntry(1, List.of(bytes("epoch")))
        .containsEntry(2, List.of(0.5f));
    Map<Integer, List<Object>> text = fields(summary(events.get(2)).get(0));
    assertThat(fields(only(text, 8)))
        .containsEntry(8, List.of(bytes("Grüße <script>")))
        .containsEntry(1, List.of(7L));
    assertThat(fields(only(fields(only(text, 9)), 1))).containsEntry(1, List.of(bytes("text")));
  }

  @Test
  void held_out_metrics_share_tags_in_a_sub_directory() throws IOException {
    try (TensorBoardSink sink = new TensorBoardSink(directory, OptionalLong.empty(), () -> NOW)) {
      sink.record(MetricRow.train(1, 0, Map.of("loss", 1.5)));
      assertThat(directory.resolve("eval")).doesNotExist();
      sink.record(MetricRow.eval(1, 0, Map.of("loss", 2.5)));
    }
    List<Object> values =
        summary(read(directory.resolve("eval/events.out.tfevents.1700000000.temper")).get(1));
    assertThat(fields(values.get(0)))
        .containsEntry(1, List.of(bytes("loss")))
        .containsEntry(2, List.of(2.5f));
  }

  @Test
  void resume_adds_files_that_supersede_later_steps() throws IOException {
    for (OptionalLong resume : List.of(OptionalLong.empty(), OptionalLong.of(5))) {
      try (TensorBoardSink sink = new TensorBoardSink(directory, resume, () -> NOW)) {
        sink.record(MetricRow.eval(6, 0, Map.of("loss", 2.5)));
      }
    }
    for (Path folder : List.of(directory, directory.resolve("eval"))) {
      try (Stream<Path> files = Files.list(folder)) {
        assertThat(files.filter(Files::isRegularFile)).hasSize(2);
      }
      Map<Integer, List<Object>> start =
          read(folder.resolve("events.out.tfevents.1700000000.temper.1")).get(1);
      assertThat(start).containsEntry(2, List.of(6L));
      assertThat(fields(only(start, 7))).containsEntry(1, List.of(1L));
    }
  }

  // ---- a small reader of TFRecords and protobuf
  // -------------------------------------------------------------------

  private static List<Map<Integer, List<Object>>> read(Path file) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<Map<Integer, List<Object>>> events = new ArrayList<>();
    while (in.hasRemaining()) {
      int start = in.position();
      byte[] data = new byte[(int) in.getLong()];
      assertThat(in.getInt()).isEqualTo(TfEvents.maskedCrc(in.array(), start, 8));
      in.get(data);
      assertThat(in.getInt()).isEqualTo(TfEvents.maskedCrc(data, 0, data.length));
      events.add(fields(ByteBuffer.wrap(data)));
    }
    return events;
  }

  private static List<Object> summary(Map<Integer, List<Object>> event) {
    return fields(only(event, 5)).getOrDefault(1, List.of());
  }

  private static Object only(Map<Integer, List<Object>> message, int field) {
    List<Object> values = message.getOrDefault(field, List.of());
    assertThat(values).as("field %d", field).hasSize(1);
    return values.get(0);
  }

  private static Map<Integer, List<Object>> fields(Object message) {
    ByteBuffer in = ((ByteBuffer) message).duplicate().order(ByteOrder.LITTLE_ENDIAN);
    Map<Integer, List<Object>> fields = new HashMap<>();
    while (in.hasRemaining()) {
      long tag = varint(in);
      Object value =
          switch ((int) (tag & 7)) {
            case 0 -> varint(in);
            case 1 -> in.getDouble();
            case 2 -> {
              int length = (int) varint(in);
              ByteBuffer slice = in.slice(in.position(), length);
              in.position(in.position() + length);
              yield slice;
            }
            case 5 -> in.getFloat();
            default -> throw new AssertionError("wire type of tag " + tag);
          };
      fields.computeIfAbsent((int) (tag >>> 3), field -> new ArrayList<>()).add(value);
    }
    return fields;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte b = in.get();
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
