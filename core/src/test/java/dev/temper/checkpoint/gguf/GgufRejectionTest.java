package dev.temper.checkpoint.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.checkpoint.CheckpointException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hand-made damaged files: each gives one error that says what is wrong. */
class GgufRejectionTest {
  @TempDir Path dir;

  @Test
  void a_sound_file_made_by_hand_is_read() throws IOException {
    Path file = write(out -> header(out, 1, 0).tensor("w", 0, 0, 2, 3).pad(32).zeros(24));
    assertThat(GgufFile.open(file).floats("w")).hasSize(6).containsOnly(0f);
  }

  @Test
  void rejects_files_that_are_no_gguf() {
    rejects("too few", out -> out.int32(GgufHeader.MAGIC));
    rejects("not a GGUF file", out -> out.zeros(64));
    rejects("version 1", out -> out.int32(GgufHeader.MAGIC).int32(1).zeros(32));
    rejects("big-endian", out -> out.int32(GgufHeader.MAGIC).int32(3 << 24).zeros(32));
  }

  @Test
  void rejects_counts_beyond_the_file() {
    rejects("claims 1000000 tensors", out -> header(out, 1_000_000, 0));
    rejects("claims 18446744073709551615 tensors", out -> header(out, -1, 0));
    rejects("metadata entries", out -> header(out, 0, 1L << 40));
  }

  @Test
  void rejects_texts_and_arrays_beyond_the_file() {
    rejects("key 0", out -> header(out, 0, 1).int64(Long.MAX_VALUE).zeros(16));
    rejects("needs 60000 bytes", out -> header(out, 0, 1).int64(60_000).zeros(16));
    rejects(
        "array of", out -> header(out, 0, 1).text("k").int32(9).int32(0).int64(1L << 50).zeros(8));
    rejects("unknown type number 13", out -> header(out, 0, 1).text("k").int32(13).zeros(8));
    rejects("not UTF-8", out -> header(out, 0, 1).int64(1).bytes(0xff).int32(0).zeros(8));
    rejects("boolean is 0 or 1", out -> header(out, 0, 1).text("k").int32(7).bytes(2));
  }

  @Test
  void rejects_arrays_nested_without_end() {
    rejects(
        "nested deeper",
        out -> {
          header(out, 0, 1).text("k").int32(9);
          for (int i = 0; i < 100; i++) {
            out.int32(9).int64(1);
          }
          out.int32(0).int64(0);
        });
  }

  @Test
  void rejects_duplicate_names() {
    rejects(
        "key 'k' is there twice",
        out -> header(out, 0, 2).text("k").int32(0).bytes(1).text("k").int32(0).bytes(1));
    rejects(
        "two tensors are called 'w'",
        out -> header(out, 2, 0).tensor("w", 0, 0, 1).tensor("w", 0, 32, 1).pad(32).zeros(64));
  }

  @Test
  void rejects_tensors_of_unknown_type_by_number() {
    rejects("'w': has the unknown type number 77", out -> header(out, 1, 0).tensor("w", 77, 0, 1));
    rejects("unknown type number 4", out -> header(out, 1, 0).tensor("w", 4, 0, 32));
  }

  @Test
  void rejects_impossible_shapes() {
    rejects("overflows", out -> header(out, 1, 0).tensor("w", 0, 0, 1L << 40, 1L << 40));
    rejects("has the size 18446744073709551615", out -> header(out, 1, 0).tensor("w", 0, 0, -1));
    rejects("blocks of 32", out -> header(out, 1, 0).tensor("w", 8, 0, 33));
    rejects("5 dimensions", out -> header(out, 1, 0).tensor("w", 0, 0, 1, 1, 1, 1, 1));
  }

  @Test
  void rejects_offsets_outside_the_file_between_alignments_and_overlaps() {
    rejects("outside the 8 bytes", out -> header(out, 1, 0).tensor("w", 0, 0, 4).pad(32).zeros(8));
    rejects("outside the", out -> header(out, 1, 0).tensor("w", 0, 1L << 62, 4).pad(32).zeros(64));
    rejects("alignment", out -> header(out, 1, 0).tensor("w", 0, 4, 4).pad(32).zeros(64));
    rejects(
        "'a' and 'b' overlap",
        out -> header(out, 2, 0).tensor("a", 0, 0, 16).tensor("b", 0, 32, 4).pad(32).zeros(64));
  }

  @Test
  void rejects_odd_alignments() {
    rejects(
        "general.alignment is 7",
        out -> header(out, 0, 1).text("general.alignment").int32(4).int32(7).zeros(32));
  }

  @Test
  void a_type_that_cannot_be_read_is_named_when_it_is_asked_for() throws IOException {
    Path file = write(out -> header(out, 1, 0).tensor("w", 39, 0, 32).pad(32).zeros(17));
    GgufFile open = GgufFile.open(file);
    assertThatThrownBy(() -> open.floats("w"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'w' has type MXFP4 (number 39)");
  }

  @Test
  void metadata_of_another_type_than_asked_for_is_an_error_with_its_key() throws IOException {
    Path file = write(out -> header(out, 0, 1).text("k").int32(7).bytes(1).zeros(32));
    GgufMetadata m = GgufFile.open(file).metadata();
    assertThatThrownBy(() -> m.text("k"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'k' must be text, not BOOL");
  }

  private void rejects(String message, Consumer<Out> content) {
    assertThatThrownBy(() -> GgufFile.open(write(content)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("x.gguf")
        .hasMessageContaining(message);
  }

  private Path write(Consumer<Out> content) throws IOException {
    Out out = new Out();
    content.accept(out);
    return Files.write(dir.resolve("x.gguf"), out.toByteArray());
  }

  private static Out header(Out out, long tensors, long pairs) {
    return out.int32(GgufHeader.MAGIC).int32(3).int64(tensors).int64(pairs);
  }

  /** Little-endian bytes. */
  private static final class Out extends ByteArrayOutputStream {
    Out int32(int v) {
      for (int i = 0; i < 4; i++) {
        write(v >>> (8 * i));
      }
      return this;
    }

    Out int64(long v) {
      return int32((int) v).int32((int) (v >>> 32));
    }

    Out text(String s) {
      byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
      int64(utf8.length).writeBytes(utf8);
      return this;
    }

    Out bytes(int... values) {
      for (int v : values) {
        write(v);
      }
      return this;
    }

    Out zeros(int n) {
      writeBytes(new byte[n]);
      return this;
    }

    Out pad(int alignment) {
      return zeros((int) (GgufHeader.pad(size(), alignment) - size()));
    }

    Out tensor(String name, int type, long offset, long... dims) {
      text(name).int32(dims.length);
      for (long d : dims) {
        int64(d);
      }
      return int32(type).int64(offset);
    }
  }
}
