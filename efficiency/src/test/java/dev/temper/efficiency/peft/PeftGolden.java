package dev.temper.efficiency.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.model.CausalLm;
import dev.temper.model.Golden;
import dev.temper.model.LogProbs;
import dev.temper.model.TokenBatch;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * What peft computed for the tiny Llama of the test resources, and how to compute the same here.
 */
final class PeftGolden {
  static final int[] PROMPT = {36, 85, 125, 35, 5, 114, 79, 66, 17};

  private PeftGolden() {}

  static Path directory(String name) {
    try {
      return Objects.requireNonNull(
          Path.of(
                  Objects.requireNonNull(
                          PeftGolden.class.getResource("/golden/peft/" + name + "/golden.json.gz"))
                      .toURI())
              .getParent());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static CausalLm base() {
    return CausalLm.load(directory("base_llama"));
  }

  static JsonNode of(String name) {
    return Golden.json(directory(name).resolve("golden.json.gz"));
  }

  static float[] logits(CausalLm model, int... ids) {
    return Scope.run(
        "logits", () -> model.head().logits(model.hidden(TokenBatch.of(List.of(ids)))).toFloats());
  }

  /**
   * Compares with the summaries stored for each prompt: sums, norms, argmax of each row, and the
   * whole last row.
   */
  static void assertLogits(CausalLm model, JsonNode golden, JsonNode expected) {
    for (int p = 0; p < expected.size(); p++) {
      JsonNode e = expected.get(p);
      float[] ours = logits(model, Golden.ints(golden.at("/inputs/prompts").get(p)));
      int rows = e.at("/shape/0").intValue();
      int width = e.at("/shape/1").intValue();
      for (int r = 0; r < rows; r++) {
        float[] row = Arrays.copyOfRange(ours, r * width, (r + 1) * width);
        double sum = 0;
        double squares = 0;
        int best = 0;
        for (int i = 0; i < width; i++) {
          sum += row[i];
          squares += (double) row[i] * row[i];
          best = row[i] > row[best] ? i : best;
        }
        assertThat(sum)
            .as("prompt %d row %d sum", p, r)
            .isCloseTo(e.get("row_sum").get(r).doubleValue(), within(2e-3));
        assertThat(Math.sqrt(squares))
            .as("prompt %d row %d norm", p, r)
            .isCloseTo(e.get("row_l2").get(r).doubleValue(), within(2e-4));
        assertThat(best)
            .as("prompt %d row %d argmax", p, r)
            .isEqualTo(e.get("row_argmax").get(r).intValue());
      }
      double[] last = Golden.doubles(e.get("last_row"));
      for (int i = 0; i < width; i++) {
        assertThat((double) ours[(rows - 1) * width + i])
            .as("prompt %d id %d", p, i)
            .isCloseTo(last[i], within(1e-4));
      }
    }
  }

  /** Mean cross entropy of the tokens from {@code masked} on, with gradients. */
  static double backward(CausalLm model, int[] ids, int masked) {
    return Scope.run(
        "step",
        () ->
            Autograd.record(
                () -> {
                  int from = Math.max(1, masked);
                  Tensor hidden =
                      model.hidden(TokenBatch.of(List.of(ids))).slice(0, from - 1, ids.length - 1);
                  Tensor loss =
                      LogProbs.of(model.head(), hidden, Arrays.copyOfRange(ids, from, ids.length))
                          .mean()
                          .neg();
                  Autograd.backward(loss);
                  return loss.item();
                }));
  }

  /** p -= rate · gradient, and the gradients start again at zero. */
  static void sgd(List<Parameter> parameters, double rate) {
    for (Parameter p : parameters) {
      Scope.run(
          "sgd",
          () -> {
            Tensor gradient =
                p.gradient().orElseThrow(() -> new AssertionError(p.name() + " has no gradient"));
            p.assign(Autograd.off(() -> p.value().sub(gradient.mul(rate))));
            p.zeroGradient();
          });
    }
  }

  /** Moves an adapter away from its start, where many methods change nothing. */
  static void disturb(Adapter adapter) {
    long i = 0;
    for (Parameter p : adapter.parameters()) {
      float[] noise = Rng.of(7).split(i++).gaussians(Math.toIntExact(p.size()), 0.2);
      Scope.run(
          "disturb",
          () -> p.assign(Autograd.off(() -> p.value().add(Tensors.of(noise, p.shape().dims())))));
    }
  }
}
