package dev.temper.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.model.Golden;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Census;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpeculativeGeneratorTest {
  private static final Path STORIES = Path.of("..", "examples", "models", "stories260K");
  private static final List<int[]> PROMPTS =
      List.of(new int[] {5, 9, 40, 2}, new int[] {7}, new int[] {3, 3, 8, 90, 12, 1, 1});

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 8})
  void greedy_completions_equal_those_of_the_model_alone(int proposals) {
    int before = Census.liveArrays();
    try (CausalLm model = CausalLm.load(Golden.model("llama2"));
        CausalLm draft = CausalLm.load(Golden.model("llama_rope_yarn"))) {
      GenerationOptions options =
          GenerationOptions.maxNewTokens(20)
              .sampling(Sampling.greedy().repetitionPenalty(1.2))
              .logProbs(true);
      List<Completion> alone = new LocalGenerator(model).generate(PROMPTS, options);
      List<Completion> both =
          new SpeculativeGenerator(model, draft, proposals).generate(PROMPTS, options);
      for (int i = 0; i < PROMPTS.size(); i++) {
        assertThat(both.get(i).ids()).isEqualTo(alone.get(i).ids());
        assertThat(both.get(i).finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(both.get(i).rawLogProbs())
            .containsExactly(alone.get(i).rawLogProbs(), within(1e-4f));
        assertThat(both.get(i).logProbs()).containsExactly(alone.get(i).logProbs(), within(1e-4f));
      }
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @Test
  void a_draft_that_is_the_model_is_always_right_and_text_stops_and_lengths_are_the_models() {
    try (CausalLm model = CausalLm.load(STORIES)) {
      int[] prompt =
          model.tokenizer().ids("Once upon a time", dev.temper.text.AddSpecialTokens.YES);
      for (StopConditions stop :
          List.of(
              StopConditions.none(),
              StopConditions.none().strings("girl"),
              StopConditions.tokens(430))) {
        GenerationOptions options = GenerationOptions.maxNewTokens(40).stop(stop);
        SpeculativeGenerator speculative = new SpeculativeGenerator(model, model);
        StringBuilder streamed = new StringBuilder();
        Completion made =
            speculative
                .generate(List.of(prompt), options, TokenListener.text(streamed::append))
                .get(0);
        Completion alone = new LocalGenerator(model).generate(List.of(prompt), options).get(0);
        assertThat(made).isEqualTo(alone);
        assertThat(streamed).hasToString(alone.text());
        if (stop.equals(StopConditions.none())) {
          assertThat(speculative.acceptance().accepted())
              .isEqualTo(speculative.acceptance().proposed())
              .isGreaterThan(25);
        }
      }
    }
  }

  @Test
  void a_completion_may_fill_the_context_of_both_models() {
    try (CausalLm model = CausalLm.load(Golden.model("llama2"));
        CausalLm draft = CausalLm.load(Golden.model("llama_rope_yarn"))) {
      int context = model.spec().contextLength();
      int[] prompt = new int[context - 10];
      java.util.Arrays.fill(prompt, 4);
      GenerationOptions options = GenerationOptions.maxNewTokens(50);
      Completion made =
          new SpeculativeGenerator(model, draft).generate(List.of(prompt), options).get(0);
      Completion alone = new LocalGenerator(model).generate(List.of(prompt), options).get(0);
      assertThat(made.finishReason()).isEqualTo(FinishReason.CONTEXT);
      assertThat(made.ids()).isEqualTo(alone.ids());
    }
  }

  @Test
  void the_rule_gives_the_targets_distribution() {
    double[] p = {0.5, 0.2, 0.05, 0.25, 0};
    double[] q = {0.1, 0.3, 0.2, 0.1, 0.3};
    Random random = new Random(7);
    int trials = 200_000;
    int[] counts = new int[p.length];
    for (int i = 0; i < trials; i++) {
      int x = Distribution.draw(q, 1, random.nextDouble());
      if (!SpeculativeSampling.keeps(p, q, x, random.nextDouble())) {
        x = SpeculativeSampling.replacement(p, q, random.nextDouble());
      }
      counts[x]++;
    }
    assertThat(counts[4]).isZero();
    // 99.9 % quantile of chi-square with 3 degrees of freedom
    assertThat(chiSquare(counts, p, trials)).isLessThan(16.27);
    assertThat(SpeculativeSampling.replacement(p, p, 0.6)).isEqualTo(1);
  }

  @Test
  void sampled_sequences_have_the_models_joint_distribution() {
    try (CausalLm model = CausalLm.load(Golden.model("llama2"));
        CausalLm draft = CausalLm.load(Golden.model("llama2"))) {
      flatten(draft);
      int trials = 300;
      Sampling sampling = Sampling.temperature(2.5).topK(2).seed(5);
      int[] prompt = {5, 9, 40};
      SpeculativeGenerator speculative = new SpeculativeGenerator(model, draft, 2);
      List<Completion> made =
          speculative.generate(
              List.of(prompt),
              GenerationOptions.maxNewTokens(3).sampling(sampling).completionsPerPrompt(trials));
      List<int[]> outcomes = new ArrayList<>();
      List<Double> probabilities = new ArrayList<>();
      Scope.run("exact", () -> enumerate(model, prompt, sampling, 3, 1, outcomes, probabilities));
      int[] counts = new int[outcomes.size()];
      for (Completion c : made) {
        for (int i = 0; i < counts.length; i++) {
          counts[i] += java.util.Arrays.equals(outcomes.get(i), c.ids()) ? 1 : 0;
        }
      }
      assertThat(outcomes).hasSize(8);
      assertThat(java.util.Arrays.stream(counts).sum()).isEqualTo(trials);
      double[] p = probabilities.stream().mapToDouble(Double::doubleValue).toArray();
      // 99.9 % quantile of chi-square with 7 degrees of freedom
      assertThat(chiSquare(counts, p, trials)).isLessThan(24.32);
      assertThat(speculative.acceptance().accepted())
          .isPositive()
          .isLessThan(speculative.acceptance().proposed());
    }
  }

  /** Halves a model's logits: it likes the same tokens, but less so. */
  private static void flatten(CausalLm model) {
    for (Parameter p : model.parameters()) {
      if (p.name().equals("model.norm.weight")) {
        float[] half = p.toFloats();
        for (int i = 0; i < half.length; i++) {
          half[i] /= 2;
        }
        p.setTrainable(true);
        p.assign(half);
        p.setTrainable(false);
      }
    }
  }

  /** All sequences of {@code more} tokens and their probabilities. */
  private static void enumerate(
      CausalLm model,
      int[] ids,
      Sampling sampling,
      int more,
      double probability,
      List<int[]> outcomes,
      List<Double> probabilities) {
    if (more == 0) {
      outcomes.add(java.util.Arrays.copyOfRange(ids, 3, ids.length));
      probabilities.add(probability);
      return;
    }
    float[] logits =
        Scope.run(
            "logits",
            () ->
                Autograd.off(
                    () ->
                        model
                            .head()
                            .logits(
                                model
                                    .hidden(dev.temper.model.TokenBatch.of(List.of(ids)))
                                    .slice(0, ids.length - 1, ids.length))
                            .toFloats()));
    Distribution d =
        Distribution.of(
            logits,
            0,
            logits.length,
            new Distribution.Shaping(sampling.processor(), false),
            new TokenBuffer(ids));
    for (int v = 0; v < logits.length; v++) {
      if (d.probabilities()[v] > 0) {
        int[] longer = java.util.Arrays.copyOf(ids, ids.length + 1);
        longer[ids.length] = v;
        enumerate(
            model,
            longer,
            sampling,
            more - 1,
            probability * d.probabilities()[v],
            outcomes,
            probabilities);
      }
    }
  }

  @Test
  void a_draft_with_another_vocabulary_and_wrong_settings_are_refused() {
    try (CausalLm model = CausalLm.load(STORIES);
        CausalLm draft = CausalLm.load(Golden.model("llama2"))) {
      assertThatThrownBy(() -> new SpeculativeGenerator(model, draft))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("same tokenizer");
      assertThatThrownBy(() -> new SpeculativeGenerator(model, model, 0))
          .hasMessageContaining("proposals is 0");
    }
  }

  private static double chiSquare(int[] counts, double[] p, int trials) {
    double sum = 0;
    for (int i = 0; i < counts.length; i++) {
      if (p[i] > 0) {
        double expected = p[i] * trials;
        sum += (counts[i] - expected) * (counts[i] - expected) / expected;
      }
    }
    return sum;
  }

  @Test
  void draws_of_a_seed_are_repeated() {
    try (CausalLm model = CausalLm.load(Golden.model("llama2"));
        CausalLm draft = CausalLm.load(Golden.model("llama_rope_yarn"))) {
      GenerationOptions options =
          GenerationOptions.maxNewTokens(12).sampling(Sampling.temperature(1.5).seed(9));
      SpeculativeGenerator generator = new SpeculativeGenerator(model, draft);
      List<Completion> first = generator.generate(PROMPTS, options);
      assertThat(generator.generate(PROMPTS, options)).isEqualTo(first);
    }
  }
}
