package dev.temper.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LogitsProcessorTest {
  private static final TokenContext EMPTY = new TokenBuffer(new int[0]);

  @Test
  void top_k_and_top_p_equal_a_full_sort_on_large_random_rows() {
    Random random = new Random(17);
    for (int trial = 0; trial < 60; trial++) {
      int n = 1 + random.nextInt(trial < 50 ? 500 : 30_000);
      double scale = Math.pow(10, random.nextInt(5) - 2);
      boolean rounded = random.nextBoolean();
      float[] logits = new float[n];
      for (int i = 0; i < n; i++) {
        double value = random.nextGaussian() * scale;
        logits[i] =
            random.nextInt(10) == 0 && i > 0
                ? Float.NEGATIVE_INFINITY
                : (float) (rounded ? Math.rint(value) : value);
      }
      int k = 1 + random.nextInt(n);
      double p = 0.01 + 0.98 * random.nextDouble();
      assertThat(processed(new TopK(k), logits))
          .as("trial %d: top-k %d of %d", trial, k, n)
          .isEqualTo(topKBySorting(logits, k));
      assertThat(kept(processed(new TopP(p), logits)))
          .as("trial %d: top-p %f of %d", trial, p, n)
          .isEqualTo(topPBySorting(logits, p));
    }
  }

  @Test
  void top_p_drops_the_larger_ids_among_ties() {
    assertThat(kept(processed(new TopP(0.5), new float[] {1, 1, 1, 1}))).containsExactly(0, 1);
    assertThat(kept(processed(new TopP(0.51), new float[] {1, 1, 1, 1}))).containsExactly(0, 1, 2);
    assertThat(kept(processed(new TopP(1e-9), new float[] {1, 1, 1, 1}))).containsExactly(0);
  }

  @Test
  void both_zeros_tie() {
    assertThat(kept(processed(new TopK(1), new float[] {-0.0f, -1, 0.0f}))).containsExactly(0, 2);
  }

  @Test
  void every_filter_keeps_a_token_and_leaves_a_fully_banned_row_alone() {
    float ban = Float.NEGATIVE_INFINITY;
    for (LogitsProcessor filter :
        List.of(
            new TopK(1),
            new TopP(1e-6),
            new MinP(1),
            new TypicalP(1e-6),
            new EpsilonCutoff(0.999),
            new EtaCutoff(0.999))) {
      assertThat(kept(processed(filter, new float[] {ban, 0.3f, ban, 0.2f})))
          .as("%s", filter)
          .isNotEmpty()
          .doesNotContain(0, 2);
      assertThat(kept(processed(filter, new float[] {ban, ban}))).as("%s", filter).isEmpty();
    }
  }

  @Test
  void filters_that_are_off_change_nothing() {
    float[] logits = {1, 1, -50, Float.NEGATIVE_INFINITY};
    for (LogitsProcessor off :
        List.of(
            new Temperature(1),
            new TopK(4),
            new TopP(1),
            new MinP(0),
            new TypicalP(1),
            new RepetitionPenalty(1),
            Sampling.greedy().processor())) {
      assertThat(processed(off, logits)).isEqualTo(logits);
    }
  }

  @Test
  void stop_tokens_are_banned_until_enough_tokens_are_generated() {
    TokenBuffer context = new TokenBuffer(new int[] {1, 1, 1});
    LogitsProcessor processor = new MinNewTokens(1, List.of(0, 2));
    float[] logits = {0, 0, 0};
    processor.process(logits, context);
    assertThat(kept(logits)).containsExactly(1);
    context.add(1);
    logits = new float[] {0, 0, 0};
    processor.process(logits, context);
    assertThat(kept(logits)).containsExactly(0, 1, 2);
  }

  @Test
  void constraints_run_after_penalties_and_before_the_temperature() {
    float[] seen = new float[2];
    LogitsProcessor spy = (logits, context) -> System.arraycopy(logits, 0, seen, 0, 2);
    float[] logits = {4, 2};
    Sampling.temperature(0.5)
        .repetitionPenalty(2)
        .processor(List.of(spy))
        .process(logits, new TokenBuffer(new int[] {0, 0}));
    assertThat(seen).containsExactly(2, 2);
    assertThat(logits).containsExactly(4, 4);
  }

  @Test
  void ids_outside_the_vocabulary_are_refused() {
    assertThatThrownBy(
            () -> new RepetitionPenalty(2).process(new float[3], new TokenBuffer(new int[] {0, 7})))
        .hasMessageContaining("token id 7 at position 1")
        .hasMessageContaining("vocabulary of 3");
    assertThatThrownBy(() -> BannedTokens.of(5).process(new float[3], EMPTY))
        .hasMessageContaining("banned token id 5");
  }

  @Test
  void settings_out_of_range_are_refused_with_name_value_range_and_fix() {
    assertThatThrownBy(() -> Sampling.temperature(0))
        .hasMessage(
            "temperature is 0.0, must be greater than 0 and finite: for the most likely token use Sampling.greedy()");
    assertThatThrownBy(() -> Sampling.temperature(Double.NaN))
        .hasMessageContaining("temperature is NaN");
    assertThatThrownBy(() -> Sampling.temperature(1).topP(1.5))
        .hasMessageContaining("top-p is 1.5, must be in (0, 1]");
    assertThatThrownBy(() -> Sampling.temperature(1).topK(-1)).hasMessageContaining("top-k is -1");
    assertThatThrownBy(() -> Sampling.greedy().topP(0.9))
        .hasMessageContaining("top-p is 0.9, must be off with greedy decoding");
    assertThatThrownBy(() -> GenerationOptions.maxNewTokens(4).minNewTokens(5))
        .hasMessageContaining("min new tokens is 5");
    assertThatThrownBy(() -> GenerationOptions.maxNewTokens(4).completionsPerPrompt(2))
        .hasMessageContaining("greedy");
  }

  private static float[] processed(LogitsProcessor processor, float[] logits) {
    float[] copy = logits.clone();
    processor.process(copy, EMPTY);
    return copy;
  }

  private static int[] kept(float[] logits) {
    return IntStream.range(0, logits.length)
        .filter(i -> logits[i] != Float.NEGATIVE_INFINITY)
        .toArray();
  }

  private static float[] topKBySorting(float[] logits, int k) {
    float[] sorted = logits.clone();
    Arrays.sort(sorted);
    float kth = sorted[sorted.length - k];
    float[] result = logits.clone();
    for (int i = 0; i < result.length; i++) {
      result[i] = result[i] < kth ? Float.NEGATIVE_INFINITY : result[i];
    }
    return result;
  }

  private static int[] topPBySorting(float[] logits, double p) {
    float max = Softmax.max(logits, logits.length);
    double[] weights = new double[logits.length];
    double sum = Softmax.weights(logits, logits.length, max, weights);
    int[] order =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted((a, b) -> Float.compare(logits[b] + 0f, logits[a] + 0f))
            .mapToInt(i -> i)
            .toArray();
    double mass = 0;
    int count = 0;
    while (count < order.length && mass < p * sum) {
      mass += weights[order[count++]];
    }
    return Arrays.stream(order).limit(count).sorted().toArray();
  }
}
