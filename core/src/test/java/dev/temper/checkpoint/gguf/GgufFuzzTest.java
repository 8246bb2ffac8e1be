package dev.temper.checkpoint.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.temper.UserException;
import dev.temper.text.GgufVocabulary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random damage to a sound file: every outcome is a file that reads, or one error that names it.
 * Nothing hangs, and nothing of a claimed size is allocated.
 */
class GgufFuzzTest {
  private static final long SEED = 20_26;
  private static final Path FILE = Path.of("x.gguf");

  @TempDir Path dir;

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
    Assertions.assertTimeoutPreemptively(Duration.ofMinutes(5), () -> mutate(SEED + 1, 100_000));
  }

  private void mutate(long seed, int rounds) {
    byte[][] sound = {Golden.bytes("gguf/types.gguf.gz"), model()};
    int accepted = 0;
    int rejected = 0;
    for (int round = 0; round < rounds; round++) {
      Random random = new Random(seed * 1_000_003 + round);
      byte[] bytes = sound[round % 2];
      int headerEnd = (int) GgufHeader.parse(FILE, wrap(bytes), bytes.length).dataStart();
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        bytes = damage(bytes, headerEnd, random);
      }
      try {
        readAll(GgufFile.of(FILE, bytes), round % 2 == 1);
        accepted++;
      } catch (UserException e) {
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

  private static void readAll(GgufFile file, boolean model) {
    for (GgufTensor t : file.tensors().values()) {
      if (t.type().readable()) {
        file.floats(t.name());
      }
    }
    if (model) {
      GgufModel m = GgufModel.of(file);
      for (String name : m.names()) {
        m.checkpoint().floats(name);
      }
      GgufVocabulary.filesOf(file);
    }
  }

  /** A small model with a vocabulary of pieces. */
  private byte[] model() {
    Path file = dir.resolve("model.gguf");
    Map<String, GgufValue> m = new LinkedHashMap<>();
    m.put("general.architecture", new GgufValue.Text("llama"));
    for (Map.Entry<String, Integer> e :
        Map.of(
                "block_count", 1,
                "context_length", 16,
                "embedding_length", 8,
                "feed_forward_length", 8,
                "attention.head_count", 2,
                "attention.head_count_kv", 1)
            .entrySet()) {
      m.put("llama." + e.getKey(), new GgufValue.Whole(GgufValue.Kind.UINT32, e.getValue()));
    }
    m.put(
        "llama.attention.layer_norm_rms_epsilon", new GgufValue.Real(GgufValue.Kind.FLOAT32, 1e-5));
    m.put("tokenizer.ggml.model", new GgufValue.Text("llama"));
    m.put("tokenizer.ggml.tokens", new GgufValue.Texts(List.of("<unk>", "a", "b", "ab")));
    m.put(
        "tokenizer.ggml.scores",
        new GgufValue.Reals(GgufValue.Kind.FLOAT32, new double[] {0, -2, -3, -1}));
    m.put(
        "tokenizer.ggml.token_type",
        new GgufValue.Wholes(GgufValue.Kind.INT32, new long[] {2, 1, 1, 1}));
    m.put("tokenizer.ggml.unknown_token_id", new GgufValue.Whole(GgufValue.Kind.UINT32, 0));
    GgufWriter.write(
        file,
        m,
        List.of(
            tensor("token_embd.weight", 4, 8),
            tensor("output_norm.weight", 8),
            tensor("blk.0.attn_q.weight", 8, 8),
            tensor("blk.0.attn_k.weight", 4, 8)),
        (done, total, name) -> {});
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static GgufTensorSource tensor(String name, long... shape) {
    long n = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    return new GgufTensorSource(
        name, GgufType.F32, Arrays.stream(shape).boxed().toList(), Values.of(new float[(int) n]));
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
