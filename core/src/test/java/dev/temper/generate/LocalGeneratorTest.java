package dev.temper.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.model.DecodeWeights;
import dev.temper.model.Golden;
import dev.temper.tensor.Census;
import dev.temper.tensor.Parameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LocalGeneratorTest {
  private static final List<String> MODELS =
      List.of(
          "llama2",
          "llama3",
          "llama_rope_linear",
          "llama_rope_yarn",
          "llama_rope_yarn_options",
          "llama_bias",
          "llama_bf16");

  static Stream<Arguments> modelsAndWeights() {
    return MODELS.stream()
        .flatMap(
            m ->
                Stream.of(DecodeWeights.FLOAT32, DecodeWeights.FLOAT16)
                    .map(w -> Arguments.of(m, w)));
  }

  @ParameterizedTest
  @MethodSource("modelsAndWeights")
  void greedy_ids_equal_transformers_in_one_ragged_batch(String name, DecodeWeights weights) {
    Path dir = Golden.model(name);
    JsonNode golden = Golden.json(dir.resolve("golden.json.gz"));
    int before = Census.liveArrays();
    try (CausalLm model = CausalLm.load(dir);
        LocalGenerator generator = new LocalGenerator(model).weights(weights)) {
      List<int[]> prompts = prompts(golden);
      List<Completion> made = generator.generate(prompts, GenerationOptions.maxNewTokens(24));
      for (int i = 0; i < prompts.size(); i++) {
        assertThat(made.get(i).ids())
            .as("prompt %d", i)
            .isEqualTo(Golden.ints(golden.at("/expected/greedy").get(i).get("new_ids")));
        assertThat(made.get(i).finishReason()).isEqualTo(FinishReason.LENGTH);
      }
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @Test
  void rows_that_finish_early_leave_the_others_as_they_were() {
    try (CausalLm model = CausalLm.load(Golden.model("llama3"));
        LocalGenerator generator = new LocalGenerator(model).weights(DecodeWeights.FLOAT16)) {
      List<int[]> prompts = prompts(Golden.json(Golden.model("llama3").resolve("golden.json.gz")));
      List<Completion> all = generator.generate(prompts, GenerationOptions.maxNewTokens(16));
      // Whatever the first row says in fifth place ends a row that says it.
      int stop = all.get(0).ids()[4];
      List<Completion> some =
          generator.generate(
              prompts, GenerationOptions.maxNewTokens(16).stop(StopConditions.tokens(stop)));
      for (int i = 0; i < prompts.size(); i++) {
        int[] ids = some.get(i).ids();
        assertThat(ids).isEqualTo(java.util.Arrays.copyOf(all.get(i).ids(), ids.length));
      }
      assertThat(some.get(0).ids().length).isLessThan(16);
    }
  }

  @Test
  void packed_weights_follow_the_models() {
    try (CausalLm model = CausalLm.load(Golden.model("llama3"));
        LocalGenerator packed = new LocalGenerator(model).weights(DecodeWeights.FLOAT16)) {
      List<int[]> prompts = List.of(new int[] {1, 2, 3});
      GenerationOptions options = GenerationOptions.maxNewTokens(12);
      int[] first = packed.generate(prompts, options).get(0).ids();
      Parameter head = model.head().weight();
      float[] flipped = head.toFloats();
      for (int i = 0; i < flipped.length; i++) {
        flipped[i] = -flipped[i];
      }
      head.assign(flipped);
      int[] changed = packed.generate(prompts, options).get(0).ids();
      assertThat(changed).isNotEqualTo(first);
      assertThat(changed)
          .isEqualTo(new LocalGenerator(model).generate(prompts, options).get(0).ids());
    }
  }

  @Test
  void a_seeded_sample_does_not_depend_on_the_batch() {
    try (CausalLm model = CausalLm.load(Golden.model("llama3"))) {
      List<int[]> prompts = prompts(Golden.json(Golden.model("llama3").resolve("golden.json.gz")));
      GenerationOptions options =
          GenerationOptions.maxNewTokens(16)
              .sampling(Sampling.temperature(1.0).topK(40).seed(7))
              .completionsPerPrompt(4)
              .logProbs(true);
      List<Completion> together = new LocalGenerator(model, 12).generate(prompts, options);
      List<Completion> alone = new LocalGenerator(model, 1).generate(prompts, options);
      for (int i = 0; i < together.size(); i++) {
        assertThat(together.get(i).ids()).isEqualTo(alone.get(i).ids());
      }
      assertThat(together.get(0).ids()).isNotEqualTo(together.get(1).ids());
    }
  }

  @Test
  void raw_log_probs_equal_those_of_the_whole_sequence() {
    try (CausalLm model = CausalLm.load(Golden.model("llama3"))) {
      List<int[]> prompts = prompts(Golden.json(Golden.model("llama3").resolve("golden.json.gz")));
      List<Completion> made =
          new LocalGenerator(model)
              .generate(
                  prompts,
                  GenerationOptions.maxNewTokens(12)
                      .sampling(Sampling.temperature(0.9).seed(3))
                      .logProbs(true));
      for (int i = 0; i < prompts.size(); i++) {
        int[] prompt = prompts.get(i);
        int[] whole = java.util.Arrays.copyOf(prompt, prompt.length + made.get(i).ids().length);
        System.arraycopy(made.get(i).ids(), 0, whole, prompt.length, made.get(i).ids().length);
        float[] scores = LocalGenerator.score(model, List.of(whole)).get(0);
        for (int t = 0; t < made.get(i).ids().length; t++) {
          assertThat(made.get(i).rawLogProbs()[t])
              .isCloseTo(scores[prompt.length - 1 + t], within(2e-4f));
        }
      }
    }
  }

  @Test
  void prompts_that_are_empty_or_too_long_are_refused_by_number() {
    try (CausalLm model = CausalLm.load(Golden.model("llama2"))) {
      LocalGenerator generator = new LocalGenerator(model);
      assertThatThrownBy(
              () ->
                  generator.generate(
                      List.of(new int[] {1}, new int[0]), GenerationOptions.maxNewTokens(1)))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("prompt 1 is empty");
      int context = model.spec().contextLength();
      assertThatThrownBy(
              () ->
                  generator.generate(List.of(new int[context]), GenerationOptions.maxNewTokens(1)))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("context of " + context);
    }
  }

  private static List<int[]> prompts(JsonNode golden) {
    List<int[]> out = new ArrayList<>();
    golden.at("/inputs/prompts").forEach(p -> out.add(Golden.ints(p.get("ids"))));
    return out;
  }
}
