package dev.temper.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Census;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every Llama variant against transformers: logits, log-probs, greedy ids, losses and gradients.
 */
class LlamaParityTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama2",
        "llama3",
        "llama3_v4config",
        "llama_rope_linear",
        "llama_rope_dynamic",
        "llama_rope_yarn",
        "llama_rope_yarn_options",
        "llama_bias",
        "llama_sharded",
        "llama_bf16"
      })
  void outputs_equal_transformers(String name) {
    Path dir = Golden.model(name);
    JsonNode golden = Golden.json(dir.resolve("golden.json.gz"));
    int before = Census.liveArrays();
    try (CausalLm model = CausalLm.load(dir)) {
      compareForward(model, golden);
      compareGradients(model, golden);
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama2",
        "llama3",
        "llama_rope_yarn",
        "llama_rope_dynamic",
        "llama_rope_linear",
        "llama_bias"
      })
  void config_with_the_keys_of_transformers_4_gives_the_same_model(String name, @TempDir Path temp)
      throws IOException {
    Path dir = Golden.model(name);
    Files.copy(dir.resolve("config_v4.json"), temp.resolve("config.json"));
    Files.copy(dir.resolve("model.safetensors"), temp.resolve("model.safetensors"));
    try (CausalLm model = CausalLm.load(temp)) {
      compareForward(model, Golden.json(dir.resolve("golden.json.gz")));
    }
  }

  private static void compareForward(CausalLm model, JsonNode golden) {
    double tolerance = golden.at("/tolerance/logits_abs").asDouble(2e-4);
    List<int[]> prompts = new ArrayList<>();
    golden.at("/inputs/prompts").forEach(p -> prompts.add(Golden.ints(p.get("ids"))));
    // All prompts in one flat batch: segments must not see each other.
    float[][] logits =
        Scope.run(
            "forward",
            () -> {
              Tensor all = model.head().logits(model.hidden(TokenBatch.of(prompts)));
              float[][] rows = new float[prompts.size()][];
              int at = 0;
              for (int i = 0; i < rows.length; i++) {
                rows[i] = all.slice(0, at, at + prompts.get(i).length).toFloats();
                at += prompts.get(i).length;
              }
              return rows;
            });
    int vocabulary = model.spec().vocabulary();
    for (int i = 0; i < prompts.size(); i++) {
      JsonNode expected = golden.at("/expected/forward").get(i);
      JsonNode positions = expected.at("/logits/positions");
      for (int k = 0; k < positions.size(); k++) {
        int position = positions.get(k).intValue();
        double[] row = Golden.doubles(expected.at("/logits/values").get(k));
        for (int v = 0; v < vocabulary; v++) {
          assertThat(logits[i][position * vocabulary + v])
              .as("prompt %d position %d id %d", i, position, v)
              .isCloseTo((float) row[v], within((float) tolerance));
        }
      }
      int[] ids = prompts.get(i);
      double[] logProbs = Golden.doubles(expected.get("logprobs_of_ids_1_to_end"));
      float[] ours =
          Scope.run(
              "score",
              () -> {
                Tensor hidden = model.hidden(TokenBatch.of(List.of(ids)));
                return LogProbs.of(
                        model.head(),
                        hidden.slice(0, 0, ids.length - 1),
                        Arrays.copyOfRange(ids, 1, ids.length))
                    .toFloats();
              });
      for (int t = 0; t < logProbs.length; t++) {
        assertThat((double) ours[t]).isCloseTo(logProbs[t], within(tolerance));
      }
    }
  }

  private static void compareGradients(CausalLm model, JsonNode golden) {
    model.trainAll();
    JsonNode training = golden.at("/expected/training");
    double loss = backward(model, golden);
    assertThat(loss).isCloseTo(training.at("/losses/0").doubleValue(), within(2e-5));
    for (Parameter p : model.parameters()) {
      JsonNode expected = training.at("/tensors").get(p.name()).get("gradient");
      double slack =
          8 * training.at("/tensors").get(p.name()).at("/f64_gradient_max_abs_diff").asDouble();
      double[] ours = Scope.run("g", () -> p.gradient().orElseThrow().toDoubles());
      double l2 = Math.sqrt(Arrays.stream(ours).map(x -> x * x).sum());
      double expectedL2 = training.at("/tensors").get(p.name()).get("gradient_l2").doubleValue();
      double tolerance = slack + 1e-5 * expectedL2 + 1e-7;
      assertThat(l2)
          .as(p.name())
          .isCloseTo(expectedL2, within(Math.max(tolerance, 1e-4 * expectedL2)));
      int[] indices = Golden.ints(training.at("/tensors").get(p.name()).get("flat_indices"));
      for (int i = 0; i < indices.length; i++) {
        assertThat(ours[indices[i]])
            .as(p.name() + "[" + indices[i] + "]")
            .isCloseTo(expected.get(i).doubleValue(), within(tolerance));
      }
    }
  }

  private static double backward(CausalLm model, JsonNode golden) {
    return Scope.run(
        "step",
        () ->
            Autograd.record(
                () -> {
                  List<int[]> sequences = new ArrayList<>();
                  List<Long> rows = new ArrayList<>();
                  List<Integer> targets = new ArrayList<>();
                  int at = 0;
                  for (JsonNode e : golden.at("/inputs/training_examples")) {
                    int[] ids = Golden.ints(e.get("ids"));
                    int[] labels = Golden.ints(e.get("labels"));
                    for (int t = 1; t < ids.length; t++) {
                      if (labels[t] != -100) {
                        rows.add((long) at + t - 1);
                        targets.add(labels[t]);
                      }
                    }
                    sequences.add(ids);
                    at += ids.length;
                  }
                  Tensor hidden =
                      model
                          .hidden(TokenBatch.of(sequences))
                          .indexSelect(0, Tensors.of(rows.stream().mapToLong(r -> r).toArray()));
                  Tensor loss =
                      LogProbs.of(model.head(), hidden, targets.stream().mapToInt(i -> i).toArray())
                          .mean()
                          .neg();
                  Autograd.backward(loss);
                  return loss.item();
                }));
  }
}
