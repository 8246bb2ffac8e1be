package dev.temper.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.model.CausalLm;
import dev.temper.model.Golden;
import dev.temper.tensor.Census;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BeamSearchTest {
  @ParameterizedTest
  @ValueSource(strings = {"llama2", "gpt2"})
  void sequences_and_scores_equal_transformers(String name) {
    Path dir = Golden.model(name);
    JsonNode golden = Golden.json(dir.resolve("golden.json.gz"));
    Map<String, int[]> prompts = prompts(golden);
    int before = Census.liveArrays();
    try (CausalLm model = CausalLm.load(dir)) {
      for (JsonNode run : golden.at("/expected/beam_search/runs")) {
        check(model, prompts, run);
      }
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @Test
  void early_stopping_length_penalties_and_processors_equal_transformers() {
    JsonNode golden = GoldenFile.json("/golden/generate/beams.json.gz");
    try (CausalLm model = CausalLm.load(Golden.model("llama2"))) {
      Map<String, int[]> prompts = prompts(golden);
      for (JsonNode run : golden.path("runs")) {
        check(model, prompts, run);
      }
    }
  }

  @Test
  void log_probs_sum_to_the_score_and_prompts_do_not_influence_each_other() {
    try (CausalLm model = CausalLm.load(Golden.model("llama2"))) {
      List<int[]> prompts = List.of(new int[] {3, 9, 4}, new int[] {7, 1});
      GenerationOptions options = GenerationOptions.maxNewTokens(6).logProbs(true);
      BeamOptions beams = BeamOptions.beams(3).lengthPenalty(0).returned(2);
      List<ScoredCompletion> both = new BeamSearch(model).generate(prompts, options, beams);
      List<ScoredCompletion> second =
          new BeamSearch(model).generate(prompts.subList(1, 2), options, beams);
      assertThat(both).hasSize(4);
      assertThat(both.get(2).completion().ids()).isEqualTo(second.get(0).completion().ids());
      assertThat(both.get(2).completion().index()).isEqualTo(2);
      for (ScoredCompletion c : both) {
        double sum = 0;
        for (float logProb : c.completion().rawLogProbs()) {
          sum += logProb;
        }
        assertThat(sum).isCloseTo(c.score(), within(1e-5));
      }
    }
  }

  @Test
  void sampling_and_stop_strings_are_refused() {
    try (CausalLm model = CausalLm.load(Golden.model("llama2"))) {
      BeamSearch search = new BeamSearch(model);
      List<int[]> prompts = List.of(new int[] {1});
      assertThatThrownBy(
              () ->
                  search.generate(
                      prompts,
                      GenerationOptions.maxNewTokens(3).sampling(Sampling.temperature(1)),
                      BeamOptions.beams(2)))
          .hasMessageContaining("Sampling.greedy()");
      assertThatThrownBy(
              () ->
                  search.generate(
                      prompts,
                      GenerationOptions.maxNewTokens(3).stop(StopConditions.none().strings("x")),
                      BeamOptions.beams(2)))
          .hasMessageContaining("stop tokens");
      assertThatThrownBy(() -> BeamOptions.beams(1)).hasMessageContaining("beams is 1");
      assertThatThrownBy(() -> BeamOptions.beams(2).returned(3)).hasMessageContaining("[1, 2]");
      assertThatThrownBy(() -> BeamOptions.beams(2).lengthPenalty(Double.NaN))
          .hasMessageContaining("finite");
    }
  }

  private static void check(CausalLm model, Map<String, int[]> prompts, JsonNode run) {
    int n = run.path("sequences_new_ids").size();
    GenerationOptions options =
        GenerationOptions.maxNewTokens(run.path("max_new_tokens").intValue())
            .sampling(
                Sampling.greedy()
                    .repetitionPenalty(run.path("repetition_penalty").asDouble(1))
                    .noRepeatNgram(run.path("no_repeat_ngram_size").asInt(0)));
    List<Integer> eos = new ArrayList<>();
    if (run.path("eos_token_id").isArray()) {
      run.path("eos_token_id").forEach(id -> eos.add(id.intValue()));
    } else if (!run.path("eos_token_id").isNull()) {
      eos.add(run.path("eos_token_id").intValue());
    }
    options =
        options.stop(StopConditions.tokens(eos)).minNewTokens(run.path("min_new_tokens").asInt(0));
    BeamOptions beams =
        BeamOptions.beams(run.path("num_beams").intValue())
            .lengthPenalty(run.path("length_penalty").doubleValue())
            .earlyStopping(early(run.path("early_stopping")))
            .returned(n);
    List<ScoredCompletion> made =
        new BeamSearch(model)
            .generate(List.of(prompts.get(run.path("prompt").asText())), options, beams);
    assertThat(made).hasSize(n);
    for (int i = 0; i < n; i++) {
      int[] expected = Golden.ints(run.path("sequences_new_ids").get(i));
      assertThat(made.get(i).completion().ids())
          .as("%s, sequence %d", run, i)
          .isEqualTo(cut(expected, eos));
      double score = run.path("sequences_scores").get(i).doubleValue();
      assertThat(made.get(i).score())
          .isCloseTo(score, within(1e-5 * Math.max(1, Math.abs(score)))); // float32 sums
    }
  }

  /** transformers pads after the first end token. */
  private static int[] cut(int[] ids, List<Integer> eos) {
    for (int i = 0; i < ids.length; i++) {
      if (eos.contains(ids[i])) {
        return java.util.Arrays.copyOf(ids, i + 1);
      }
    }
    return ids;
  }

  private static BeamOptions.EarlyStopping early(JsonNode value) {
    return value.isTextual()
        ? BeamOptions.EarlyStopping.NEVER
        : value.booleanValue()
            ? BeamOptions.EarlyStopping.WHEN_FULL
            : BeamOptions.EarlyStopping.HEURISTIC;
  }

  private static Map<String, int[]> prompts(JsonNode golden) {
    Map<String, int[]> out = new HashMap<>();
    golden
        .at("/inputs/prompts")
        .forEach(p -> out.put(p.path("name").asText(), Golden.ints(p.get("ids"))));
    return out;
  }
}
