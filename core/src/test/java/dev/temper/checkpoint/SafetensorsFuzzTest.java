package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever happens to a file's bytes: it is read, or there is a {@link CheckpointException};
 * nothing else, and it does not hang.
 */
class SafetensorsFuzzTest {
  private static final long SEED = 20_240_611;

  /** Pieces that matter to a parser of this format. */
  private static final List<String> PIECES =
      List.of(
          "{",
          "}",
          "[",
          "]",
          "\"",
          ":",
          ",",
          "-",
          "0",
          "1",
          "9223372036854775807",
          "9223372036854775808",
          "-1",
          "4294967296",
          "1e9",
          "0.5",
          "null",
          "true",
          "NaN",
          "\\u0000",
          "\\ud800",
          "\\",
          "__metadata__",
          "\"dtype\"",
          "\"shape\"",
          "\"data_offsets\"",
          "F32",
          "F4",
          "BF16",
          "F33",
          "\u00fc",
          "\uFEFF",
          " ",
          "\n",
          "\0",
          "/*",
          "//",
          "'");

  @TempDir Path dir;

  @Test
  void random_damage_gives_only_checkpoint_exceptions() {
    fuzz(SEED, 20_000, Duration.ofSeconds(60));
  }

  @Test
  @Tag("slow")
  void much_random_damage_gives_only_checkpoint_exceptions() {
    fuzz(SEED + 1, 100_000, Duration.ofMinutes(5));
  }

  private void fuzz(long seed, int rounds, Duration limit) {
    Assertions.assertTimeoutPreemptively(limit, () -> mutate(seed, rounds));
  }

  private void mutate(long seed, int rounds) throws IOException {
    List<byte[]> sound = soundFiles();
    Path file = dir.resolve("x.safetensors");
    int accepted = 0;
    int rejected = 0;
    for (int round = 0; round < rounds; round++) {
      Random random = new Random(seed * 1_000_003 + round);
      byte[] bytes = sound.get(random.nextInt(sound.size()));
      for (int n = 1 + random.nextInt(4); n > 0; n--) {
        bytes = damage(bytes, random);
      }
      try {
        long header =
            bytes.length < 8
                ? -1
                : ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong();
        if (round % 10 != 0 && header >= 0 && header <= bytes.length - 8) {
          // Without the disk, which would take most of the time.
          int end = 8 + (int) header;
          SafetensorsHeader.parse(file, Arrays.copyOfRange(bytes, 8, end), bytes.length - end);
          accepted++;
          continue;
        }
        Files.write(file, bytes);
        SafetensorsFile f = SafetensorsFile.open(file);
        if (accepted++ % 20 == 0) {
          // Not always: a mapping lives until the garbage collector finds it, and a process may
          // have 65,530 of them.
          readAll(f);
        }
      } catch (CheckpointException e) {
        if (e.getMessage() == null || !e.getMessage().startsWith(file.toString())) {
          throw new AssertionError(
              "round "
                  + round
                  + " of seed "
                  + seed
                  + ": the message names no file: "
                  + e.getMessage(),
              e);
        }
        rejected++;
      } catch (Throwable t) {
        throw new AssertionError("round " + round + " of seed " + seed, t);
      }
    }
    // Both happen, or the damage is too harsh or too mild to test anything.
    assertThat(accepted).isGreaterThan(rounds / 100);
    assertThat(rejected).isGreaterThan(rounds / 2);
  }

  private static void readAll(SafetensorsFile f) {
    for (String name : f.names()) {
      ByteBuffer data = f.bytes(name);
      if (data.remaining() != f.info(name).bytes()) {
        throw new AssertionError(name + ": " + data);
      }
      try {
        Floats.widen(f.info(name), data);
      } catch (CheckpointException e) {
        // A type without a value as a float.
      }
    }
  }

  private List<byte[]> soundFiles() {
    Path a = dir.resolve("a");
    CheckpointWriter.writeFile(
        a,
        List.of(
            TensorSource.floats("model.w", StoredType.F32, new long[] {2, 3}, () -> new float[6]),
            TensorSource.floats("model.h", StoredType.BF16, new long[] {3}, () -> new float[3]),
            new TensorSource("s", StoredType.I64, List.of(), () -> ByteBuffer.allocate(8)),
            new TensorSource("e", StoredType.U8, List.of(0L, 5L), () -> ByteBuffer.allocate(0))));
    Path b = dir.resolve("b");
    CheckpointWriter.writeFile(b, List.of());
    return List.of(
        RawFile.read(a),
        RawFile.read(b),
        RawFile.of("{\"x\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4));
  }

  private static byte[] damage(byte[] bytes, Random random) {
    int at = random.nextInt(bytes.length + 1);
    byte[] out = bytes.clone();
    switch (random.nextInt(7)) {
      case 0 -> {
        if (at < out.length) {
          out[at] ^= (byte) (1 << random.nextInt(8));
        }
      }
      case 1 -> {
        if (at < out.length) {
          out[at] = (byte) random.nextInt(256);
        }
      }
      case 2 -> out = Arrays.copyOf(out, at);
      case 3 ->
          out =
              header(
                  splice(
                      bytes,
                      at,
                      0,
                      PIECES.get(random.nextInt(PIECES.size())).getBytes(StandardCharsets.UTF_8)),
                  random);
      case 4 -> out = header(splice(bytes, at, random.nextInt(6), new byte[0]), random);
      case 5 -> {
        int from = random.nextInt(bytes.length + 1);
        out =
            header(
                splice(
                    bytes,
                    at,
                    0,
                    Arrays.copyOfRange(
                        bytes, from, Math.min(bytes.length, from + random.nextInt(60)))),
                random);
      }
      default -> {
        for (int i = 0; i < Math.min(8, out.length) && random.nextBoolean(); i++) {
          out[i] = (byte) random.nextInt(256);
        }
      }
    }
    return out;
  }

  private static byte[] splice(byte[] bytes, int at, int removed, byte[] added) {
    int rest = Math.min(bytes.length, at + removed);
    byte[] out = new byte[at + added.length + bytes.length - rest];
    System.arraycopy(bytes, 0, out, 0, at);
    System.arraycopy(added, 0, out, at, added.length);
    System.arraycopy(bytes, rest, out, at + added.length, bytes.length - rest);
    return out;
  }

  /**
   * Mostly makes the header's length agree again with where the data begins, so that the damage
   * reaches the parser.
   */
  private static byte[] header(byte[] bytes, Random random) {
    if (bytes.length > 8 && random.nextInt(4) != 0) {
      int end = bytes.length;
      while (end > 8 && bytes[end - 1] != '}') {
        end--;
      }
      ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).putLong(0, end - 8L);
    }
    return bytes;
  }
}
