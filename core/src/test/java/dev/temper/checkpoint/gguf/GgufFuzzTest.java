package dev.temper.checkpoint.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.temper.checkpoint.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Random damage to a sound file: every outcome is a file that reads, or one error that names it.
 * Nothing hangs, and nothing of a claimed size is allocated.
 */
class GgufFuzzTest {
  private static final long SEED = 20_26;
  private static final Path FILE = Path.of("x.gguf");

  private static final List<Long> NUMBERS =
      List.of(
          0L,
          1L,
          -1L,
          8L,
          9L,
          31L,
          64L,
          0x7fff_ffffL,
          0x8000_0000L,
          0xffff_ffffL,
          1L << 32,
          1L << 40,
          1L << 61,
          Long.MAX_VALUE,
          Long.MIN_VALUE);

  private static final List<String> TEXTS =
      List.of("general.alignment", "GGUF", "Q4_K", "a.text", "\0", "ü", "a.nested", "scalar");

  @Test
  void random_damage_gives_only_checkpoint_exceptions() {
    Assertions.assertTimeoutPreemptively(Duration.ofSeconds(30), () -> mutate(SEED, 5_000));
  }

  @Test
  @Tag("slow")
  void much_random_damage_gives_only_checkpoint_exceptions() {
    Assertions.assertTimeoutPreemptively(Duration.ofSeconds(300), () -> mutate(SEED + 1, 100_000));
  }

  private static void mutate(long seed, int rounds) {
    byte[] sound = Golden.bytes("gguf/types.gguf.gz");
    int headerEnd = (int) GgufHeader.parse(FILE, wrap(sound), sound.length).dataStart();
    int accepted = 0;
    int rejected = 0;
    for (int round = 0; round < rounds; round++) {
      Random random = new Random(seed * 1_000_003 + round);
      byte[] bytes = sound;
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        bytes = damage(bytes, headerEnd, random);
      }
      try {
        readAll(bytes, GgufHeader.parse(FILE, wrap(bytes), bytes.length));
        accepted++;
      } catch (CheckpointException e) {
        assertThat(e.getMessage()).as("round %s of seed %s", round, seed).startsWith("x.gguf: ");
        rejected++;
      } catch (RuntimeException | Error t) {
        throw new AssertionError("round " + round + " of seed " + seed, t);
      }
    }
    // Both happen, or the damage is too harsh or too mild to test anything.
    assertThat(accepted).isGreaterThan(rounds / 50);
    assertThat(rejected).isGreaterThan(rounds / 4);
  }

  private static void readAll(byte[] bytes, GgufHeader header) {
    for (GgufTensor t : header.tensors().values()) {
      if (t.type().readable()) {
        ByteBuffer data =
            wrap(bytes).slice((int) (header.dataStart() + t.offset()), (int) t.bytes());
        int count = (int) t.elements();
        Dequantizer.dequantize(
            t.type(), data.order(ByteOrder.LITTLE_ENDIAN), new float[count], 0, count);
      }
    }
  }

  private static ByteBuffer wrap(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] damage(byte[] bytes, int headerEnd, Random random) {
    // Nine of ten times the header, where the claims are.
    int reach = random.nextInt(10) == 0 ? bytes.length : Math.min(headerEnd, bytes.length);
    int at = random.nextInt(reach + 1);
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
      case 3 -> {
        if (at <= out.length - 8) {
          wrap(out).putLong(at, NUMBERS.get(random.nextInt(NUMBERS.size())));
        }
      }
      case 4 ->
          out =
              splice(
                  bytes,
                  at,
                  0,
                  TEXTS.get(random.nextInt(TEXTS.size())).getBytes(StandardCharsets.UTF_8));
      case 5 -> out = splice(bytes, at, random.nextInt(9), new byte[0]);
      default -> {
        int from = random.nextInt(bytes.length + 1);
        out =
            splice(
                bytes,
                at,
                random.nextInt(4),
                Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + random.nextInt(80))));
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
}
