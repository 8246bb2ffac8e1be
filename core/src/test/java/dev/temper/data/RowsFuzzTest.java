package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/**
 * Damaged files give rows or one {@link DataException}: no other exception, no hang, no memory
 * beyond the limits.
 */
class RowsFuzzTest {
  private static final RowLimits LIMITS = new RowLimits(1 << 16, 2000);
  private static final String[] TOKENS = {
    "{", "}", "[", "]", "\"", ":", ",", "\\u", "\\", "null", "1e9999", "-", "\n", "\r", "\ufeff",
    "\0", "[[[[[[", "true"
  };

  @Test
  void damaged_files_never_crash_the_reader_or_the_typing() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (String name :
        List.of(
            "language_modeling_conversational",
            "prompt_completion_conversational",
            "language_modeling_standard")) {
      seeds.add(Files.readAllBytes(Golden.path("formats/" + name + ".jsonl")));
    }
    seeds.add(Files.readAllBytes(Golden.path("real/sharegpt_tools.json")));
    seeds.add(
        "[{\"input_ids\":[1,2],\"labels\":[-100,2]},{\"instruction\":\"a\",\"output\":\"b\",\"weight\":0.5}]"
            .getBytes(StandardCharsets.UTF_8));
    seeds.add(RowsTest.gzip(seeds.get(0)));
    long seed = 20261125;
    SplittableRandom random = new SplittableRandom(seed);
    int[] outcomes = new int[2];
    Assertions.assertTimeout(
        Duration.ofSeconds(60),
        () -> {
          for (int trial = 0; trial < 20_000; trial++) {
            byte[] damaged = damage(seeds.get(random.nextInt(seeds.size())), random);
            try {
              RowsTest.all(damaged, LIMITS).forEach(SftRow::parse);
              outcomes[0]++;
            } catch (DataException e) {
              outcomes[1]++;
              assertThat(e.getMessage()).startsWith("t").hasSizeLessThan(2000);
            } catch (RuntimeException | StackOverflowError e) {
              fail(
                  "seed "
                      + seed
                      + ", trial "
                      + trial
                      + ": "
                      + new String(damaged, StandardCharsets.UTF_8),
                  e);
            }
          }
        });
    assertThat(outcomes[0]).isPositive();
    assertThat(outcomes[1]).isGreaterThan(10_000);
  }

  static byte[] damage(byte[] bytes, SplittableRandom random) {
    byte[] result = bytes.clone();
    for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
      int at = random.nextInt(result.length + 1);
      switch (random.nextInt(5)) {
        case 0 -> result = Arrays.copyOf(result, at);
        case 1 -> {
          if (at < result.length) {
            result[at] ^= (byte) (1 << random.nextInt(8));
          }
        }
        case 2 ->
            result =
                insert(
                    result,
                    at,
                    TOKENS[random.nextInt(TOKENS.length)].getBytes(StandardCharsets.UTF_8));
        case 3 -> {
          int end = Math.min(result.length, at + random.nextInt(60));
          result =
              insert(
                  result, random.nextInt(result.length + 1), Arrays.copyOfRange(result, at, end));
        }
        default -> {
          int end = Math.min(result.length, at + random.nextInt(20));
          byte[] rest = Arrays.copyOfRange(result, end, result.length);
          result = insert(Arrays.copyOf(result, at), at, rest);
        }
      }
    }
    return result;
  }

  private static byte[] insert(byte[] bytes, int at, byte[] more) {
    byte[] result = new byte[bytes.length + more.length];
    System.arraycopy(bytes, 0, result, 0, at);
    System.arraycopy(more, 0, result, at, more.length);
    System.arraycopy(bytes, at, result, at + more.length, bytes.length - at);
    return result;
  }
}
