package dev.temper.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.temper.UserException;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two branches that share a prompt equal two whole sequences, in values and gradients. */
class SharedPrefixTest {
  /** Longer than the windows of the models, which are 8. */
  private static final int[] PROMPT = {5, 9, 40, 31, 77, 12, 64, 100, 23, 54, 18};

  private static final int[] ONE = {11, 12, 13, 90, 4};
  private static final int[] TWO = {21, 22, 23};

  private record Pass(float[] logProbs, List<float[]> gradients) {}

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama2",
        "mistral_sliding",
        "gemma2",
        "gemma3_text",
        "phi3",
        "gpt2",
        "opt_postnorm_proj",
        "gpt_neox",
        "smollm3",
        "qwen3_moe"
      })
  void branches_of_a_shared_prompt_equal_whole_sequences(String name) {
    try (CausalLm model = CausalLm.load(Golden.model(name))) {
      model.trainAll();
      Pass whole = pass(model, TokenBatch.of(List.of(join(ONE), join(TWO))), wholeRows());
      Segments segments =
          new Segments(
              new int[] {0, PROMPT.length, PROMPT.length + ONE.length},
              new int[] {
                PROMPT.length, PROMPT.length + ONE.length, PROMPT.length + ONE.length + TWO.length
              },
              new int[] {-1, 0, 0});
      Pass shared = pass(model, TokenBatch.of(List.of(PROMPT, ONE, TWO), segments), sharedRows());
      assertThat(shared.logProbs).containsExactly(whole.logProbs, within(2e-5f));
      for (int i = 0; i < whole.gradients.size(); i++) {
        assertThat(shared.gradients.get(i))
            .as(model.parameters().get(i).name())
            .containsExactly(whole.gradients.get(i), within(5e-5f));
      }
    }
  }

  @Test
  void a_prompt_is_not_shared_across_the_original_length_of_long_rope() {
    try (CausalLm model = CausalLm.load(Golden.model("phi3_longrope"))) {
      Segments segments = new Segments(new int[] {0, 11}, new int[] {11, 19}, new int[] {-1, 0});
      TokenBatch batch = TokenBatch.of(List.of(PROMPT, new int[8]), segments);
      assertThatThrownBy(() -> Scope.run("share", () -> model.hidden(batch).toFloats()))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("a prompt of 11 tokens cannot be shared by a sequence of 19");
    }
  }

  private static int[] join(int[] branch) {
    return IntStream.concat(IntStream.of(PROMPT), IntStream.of(branch)).toArray();
  }

  /** Rows whose next token belongs to a branch. */
  private static int[] wholeRows() {
    int p = PROMPT.length;
    int second = p + ONE.length;
    return IntStream.concat(
            IntStream.range(p - 1, p - 1 + ONE.length),
            IntStream.range(second + p - 1, second + p - 1 + TWO.length))
        .toArray();
  }

  private static int[] sharedRows() {
    int p = PROMPT.length;
    return IntStream.concat(
            IntStream.range(p - 1, p - 1 + ONE.length),
            IntStream.concat(
                IntStream.of(p - 1),
                IntStream.range(p + ONE.length, p + ONE.length + TWO.length - 1)))
        .toArray();
  }

  private static Pass pass(CausalLm model, TokenBatch batch, int[] rows) {
    model.parameters().forEach(Parameter::zeroGradient);
    int[] targets = IntStream.concat(IntStream.of(ONE), IntStream.of(TWO)).toArray();
    float[] logProbs =
        Scope.run(
            "pass",
            () ->
                Autograd.record(
                    () -> {
                      Tensor hidden = model.hidden(batch).indexSelect(0, Tensors.ofInts(rows));
                      Tensor scores = LogProbs.of(model.head(), hidden, targets);
                      Autograd.backward(scores.mean());
                      return scores.toFloats();
                    }));
    List<float[]> gradients = new ArrayList<>();
    for (Parameter p : model.parameters()) {
      gradients.add(
          Scope.run(
              "gradient",
              () ->
                  p.gradient()
                      .map(Tensor::toFloats)
                      .orElseGet(() -> new float[Math.toIntExact(p.size())])));
    }
    return new Pass(logProbs, gradients);
  }
}
