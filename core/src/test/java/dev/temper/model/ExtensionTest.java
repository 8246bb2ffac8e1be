package dev.temper.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.temper.UserException;
import dev.temper.tensor.Census;
import dev.temper.tensor.Scope;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExtensionTest {
  private static final List<int[]> PROMPTS = List.of(new int[] {5, 9, 40}, new int[] {7, 3, 3, 8});
  private static final int[][] MORE = {{11, 12, 13, 90, 4}, {21, 22, 23, 2, 6}};

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama2",
        "llama3",
        "llama_rope_dynamic",
        "llama_rope_yarn",
        "mistral_sliding",
        "gemma2",
        "gemma3_text",
        "phi3_longrope",
        "gpt2",
        "opt_postnorm_proj",
        "gpt_neox",
        "qwen2_moe"
      })
  void several_tokens_at_once_equal_one_at_a_time(String name) {
    int before = Census.liveArrays();
    try (CausalLm model = CausalLm.load(Golden.model(name))) {
      float[] steps = Scope.run("steps", () -> bySteps(model));
      float[] once =
          Scope.run(
              "extend",
              () -> {
                Decoder decoder = new Decoder(model);
                try (KvCache cache = decoder.start(PROMPTS, 5).cache()) {
                  float[] out = decoder.extend(cache, MORE).select(1, 4).toFloats();
                  assertThat(cache.remaining()).isZero();
                  assertThat(cache.length(0)).isEqualTo(8);
                  return out;
                }
              });
      assertThat(once).containsExactly(steps, within(2e-5f));
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @Test
  void dropped_tokens_leave_no_trace_and_a_cache_can_grow() {
    try (CausalLm model = CausalLm.load(Golden.model("llama3"))) {
      float[] expected = Scope.run("steps", () -> bySteps(model));
      float[] made =
          Scope.run(
              "drop",
              () -> {
                Decoder decoder = new Decoder(model);
                try (KvCache cache = decoder.start(PROMPTS, 0).cache()) {
                  cache.reserve(4);
                  decoder.extend(cache, new int[][] {{1, 2, 3, 4}, {4, 3, 2, 1}});
                  cache.drop(4);
                  cache.reserve(5);
                  return decoder.extend(cache, MORE).select(1, 4).toFloats();
                }
              });
      assertThat(made).containsExactly(expected, within(2e-5f));
    }
  }

  @Test
  void ragged_foreign_or_too_many_tokens_are_refused() {
    try (CausalLm model = CausalLm.load(Golden.model("llama3"))) {
      Scope.run(
          "bad",
          () -> {
            Decoder decoder = new Decoder(model);
            try (KvCache cache = decoder.start(PROMPTS, 2).cache()) {
              assertThatThrownBy(() -> decoder.extend(cache, new int[][] {{1}, {1, 2}}))
                  .hasMessageContaining("row 1 has 2 tokens");
              assertThatThrownBy(() -> decoder.extend(cache, new int[][] {{1}}))
                  .hasMessageContaining("tokens has 1 rows, the cache 2");
              assertThatThrownBy(() -> decoder.extend(cache, new int[][] {{1}, {99999}}))
                  .isInstanceOf(UserException.class)
                  .hasMessageContaining("99999 in row 1");
              assertThatThrownBy(() -> decoder.extend(cache, MORE))
                  .hasMessageContaining("room for 2 more tokens, asked for 5");
              assertThatThrownBy(() -> cache.drop(4)).hasMessageContaining("[0, 3]");
            }
          });
    }
  }

  @Test
  void rows_that_cross_the_original_length_of_long_rope_are_read_anew_in_both_directions() {
    int[] prompt = {5, 9, 40, 31, 77, 12, 64, 100, 23, 54, 18, 44, 6, 91};
    int[] more = {11, 12, 13, 90};
    int[] longer = java.util.Arrays.copyOf(prompt, 18);
    System.arraycopy(more, 0, longer, 14, 4);
    int[] shorter = java.util.Arrays.copyOf(prompt, 15);
    shorter[14] = 7;
    try (CausalLm model = CausalLm.load(Golden.model("phi3_longrope"))) {
      Scope.run(
          "cross",
          () -> {
            Decoder decoder = new Decoder(model);
            try (KvCache cache = decoder.start(List.of(prompt), 4).cache()) {
              assertThat(
                      decoder.extend(cache, new int[][] {more}).select(1, 3).flatten().toFloats())
                  .containsExactly(lastOf(model, longer), within(5e-5f));
              cache.drop(4);
              assertThat(decoder.step(cache, new int[] {7}).flatten().toFloats())
                  .containsExactly(lastOf(model, shorter), within(5e-5f));
            }
          });
    }
  }

  private static float[] lastOf(CausalLm model, int[] ids) {
    return model
        .hidden(TokenBatch.of(List.of(ids)))
        .slice(0, ids.length - 1, ids.length)
        .flatten()
        .toFloats();
  }

  private static float[] bySteps(CausalLm model) {
    Decoder decoder = new Decoder(model);
    try (KvCache cache = decoder.start(PROMPTS, 5).cache()) {
      float[] last = new float[0];
      for (int i = 0; i < 5; i++) {
        last = decoder.step(cache, new int[] {MORE[0][i], MORE[1][i]}).toFloats();
      }
      return last;
    }
  }
}
