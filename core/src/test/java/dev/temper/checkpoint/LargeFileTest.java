package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Offsets beyond 2 and 4 GiB; the file is sparse and takes a few kilobytes of disk. */
@Tag("slow")
class LargeFileTest {
  private static final long FIRST = 5L << 30;

  @TempDir Path dir;

  @Test
  void reads_tensors_that_are_larger_than_2_gib_or_lie_beyond_4_gib() throws IOException {
    Path path = dir.resolve("large.safetensors");
    String header =
        "{\"big\":{\"dtype\":\"F32\",\"shape\":["
            + FIRST / 4
            + "],\"data_offsets\":[0,"
            + FIRST
            + "]},"
            + "\"small\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":["
            + FIRST
            + ","
            + (FIRST + 8)
            + "]}}";
    byte[] start = RawFile.of(header, 0);
    try (RandomAccessFile f = new RandomAccessFile(path.toFile(), "rw")) {
      f.write(start);
      f.setLength(start.length + FIRST + 8);
      f.seek(start.length + FIRST - 4);
      f.write(new byte[] {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40});
    }
    assertThat(start.length).isEqualTo(8 + header.getBytes(StandardCharsets.UTF_8).length);
    Checkpoint c = Checkpoint.open(path);
    assertThat(c.floats("small")).containsExactly(2f, 3f);
    assertThat(c.info("big").elements()).isEqualTo(FIRST / 4);
    ByteBuffer tail = SafetensorsFile.open(path).bytes("big", FIRST - 8, 8);
    assertThat(tail.getFloat(0)).isZero();
    assertThat(tail.getFloat(4)).isEqualTo(1f);
    ByteBuffer border = SafetensorsFile.open(path).bytes("big", (1L << 30) - 4, 8);
    assertThat(border.getFloat(4)).isZero();
    assertThatThrownBy(() -> c.bytes("big"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll("'big'", "read it in parts");
  }
}
