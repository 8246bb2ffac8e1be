package dev.temper.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.temper.UserException;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final float BAN = Float.NEGATIVE_INFINITY;
  private static final double ALMOST_ONE = Math.nextDown(1.0);

  @Test
  void draws_follow_the_distribution() {
    float[] logits = {0.5f, BAN, -1, 2, 0, -3, 1.2f};
    double[] weights = new double[logits.length];
    double sum = Softmax.weights(logits, logits.length, 2, weights);
    int draws = 200_000;
    int[] counts = new int[logits.length];
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < draws; i++) {
      counts[Sampler.sample(logits, random.nextDouble())]++;
    }
    double chiSquare = 0;
    for (int i = 0; i < logits.length; i++) {
      double expected = draws * weights[i] / sum;
      if (expected > 0) {
        chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
      }
    }
    assertThat(counts[1]).isZero();
    // 99.9th percentile with 5 degrees of freedom.
    assertThat(chiSquare).isLessThan(20.5);
  }

  @Test
  void an_even_grid_of_uniforms_gives_the_exact_proportions() {
    float[] logits = {0, (float) Math.log(3), BAN};
    int[] counts = new int[3];
    for (int i = 0; i < 1000; i++) {
      counts[Sampler.sample(logits, (i + 0.5) / 1000)]++;
    }
    assertThat(counts).containsExactly(250, 750, 0);
  }

  @Test
  void the_edges_choose_the_first_and_the_last_possible_token() {
    float[] logits = {BAN, 0, 0, 0, BAN};
    assertThat(Sampler.sample(logits, 0)).isEqualTo(1);
    assertThat(Sampler.sample(logits, ALMOST_ONE)).isEqualTo(3);
    float[] survivor = {BAN, BAN, -700, BAN};
    assertThat(Sampler.sample(survivor, 0)).isEqualTo(2);
    assertThat(Sampler.sample(survivor, ALMOST_ONE)).isEqualTo(2);
    float[] underflow = {0, -2000, -3000};
    assertThat(Sampler.sample(underflow, ALMOST_ONE)).isZero();
    assertThat(Sampler.greedy(new float[] {1, 3, 3})).isEqualTo(1);
  }

  @Test
  void unusable_rows_and_uniforms_are_refused() {
    TokenBuffer context = new TokenBuffer(new int[] {4, 5});
    context.add(6);
    Sampler sampler = new Sampler(Sampling.temperature(1));
    assertThatThrownBy(() -> sampler.next(new float[] {0, Float.NaN}, context, 0.5))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("token 1 at position 3 of the sequence (1 tokens generated) is NaN");
    assertThatThrownBy(() -> Sampler.sample(new float[] {0, Float.POSITIVE_INFINITY}, 0.5))
        .hasMessageContaining("is Infinity");
    assertThatThrownBy(() -> Sampler.sample(new float[] {BAN, BAN}, 0.5))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("all 2 logits are -Infinity");
    Sampler banning = new Sampler(Sampling.greedy(), List.of(BannedTokens.of(0, 1)));
    assertThatThrownBy(() -> banning.nextToken(new float[2], 0, 2, context, 0))
        .hasMessageContaining("ban every token");
    for (double u : new double[] {-1e-9, 1, Double.NaN}) {
      assertThatThrownBy(() -> Sampler.sample(new float[2], u))
          .hasMessageContaining("must be in [0, 1)");
    }
  }

  @Test
  void reports_the_log_probability_under_both_distributions() {
    float[] logits = {1, 2, 3};
    Sampled sampled =
        new Sampler(Sampling.temperature(0.5).topK(2))
            .next(logits, new TokenBuffer(new int[0]), 0.01);
    assertThat(sampled.token()).isEqualTo(1);
    assertThat(sampled.logProb()).isCloseTo(4 - Math.log(Math.exp(4) + Math.exp(6)), within(1e-12));
    assertThat(sampled.rawLogProb())
        .isCloseTo(2 - Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)), within(1e-12));
    assertThat(logits).containsExactly(1, 2, 3);
  }

  @Test
  void a_row_inside_a_batch_gives_what_it_gives_alone() {
    SplittableRandom random = new SplittableRandom(3);
    int vocabulary = 300;
    float[] batch = new float[4 * vocabulary];
    for (int i = 0; i < batch.length; i++) {
      batch[i] = (float) (6 * random.nextDouble());
    }
    Sampling sampling = Sampling.temperature(0.8).topP(0.9).repetitionPenalty(1.1);
    TokenBuffer context = new TokenBuffer(new int[] {1, 2, 3});
    Sampler shared = new Sampler(sampling);
    for (int row = 0; row < 4; row++) {
      float[] alone = java.util.Arrays.copyOfRange(batch, row * vocabulary, (row + 1) * vocabulary);
      double u = random.nextDouble();
      Sampled expected = new Sampler(sampling).next(alone, context, u);
      assertThat(shared.next(batch, row * vocabulary, vocabulary, context, u)).isEqualTo(expected);
      assertThat(shared.nextToken(batch, row * vocabulary, vocabulary, context, u))
          .isEqualTo(expected.token());
    }
  }

  @Test
  void the_minimum_length_bans_stop_tokens_through_the_options() {
    GenerationOptions options =
        GenerationOptions.maxNewTokens(8).minNewTokens(2).stop(StopConditions.tokens(1));
    TokenBuffer context = new TokenBuffer(new int[] {0});
    float[] logits = {0, 5, 1};
    assertThat(options.sampler().next(logits, context, 0).token()).isEqualTo(2);
    context.add(2);
    context.add(2);
    assertThat(options.sampler().next(logits, context, 0).token()).isEqualTo(1);
  }
}
