package dev.temper.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Census;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.AdamW;
import dev.temper.train.Optimizer;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every family against transformers: hidden states, logits, log-probs, greedy ids, router scores,
 * losses, gradients, and weights after AdamW steps.
 */
class ModelParityTest {
  private static final double LEARNING_RATE = 1e-3;

  static Stream<String> models() throws IOException {
    try (Stream<Path> dirs = Files.list(Golden.model("llama2").resolveSibling("."))) {
      return dirs
          .filter(d -> Files.exists(d.resolve("golden.json.gz")))
          .filter(
              d ->
                  golden(d).at("/class").asText().endsWith("LM")
                      || golden(d).at("/class").asText().endsWith("LMHeadModel"))
          .map(d -> d.getFileName().toString())
          .sorted()
          .toList()
          .stream();
    }
  }

  static Stream<String> modelsWithConfigOfTransformers4() throws IOException {
    return models().filter(m -> Files.exists(Golden.model(m).resolve("config_v4.json")));
  }

  static Stream<String> mixtures() throws IOException {
    return models().filter(m -> golden(Golden.model(m)).at("/expected/router").isObject());
  }

  @ParameterizedTest
  @MethodSource("models")
  void outputs_equal_transformers(String name) {
    Path dir = Golden.model(name);
    int before = Census.liveArrays();
    try (CausalLm model = CausalLm.load(dir)) {
      compareForward(model, golden(dir));
      compareStates(model, golden(dir));
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("models")
  void gradients_and_weights_after_steps_equal_transformers(String name) {
    Path dir = Golden.model(name);
    int before = Census.liveArrays();
    try (CausalLm model = CausalLm.load(dir)) {
      compareTraining(model, golden(dir));
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("models")
  void greedy_ids_equal_transformers_in_one_ragged_batch(String name) {
    Path dir = Golden.model(name);
    JsonNode golden = golden(dir);
    try (CausalLm model = CausalLm.load(dir)) {
      List<int[]> made = greedy(model, prompts(golden), 24);
      for (int i = 0; i < made.size(); i++) {
        JsonNode expected = golden.at("/expected/greedy").get(i);
        // Under dynamic NTK the cached keys keep the frequencies of the step that wrote them.
        JsonNode ids =
            expected.path("transformers_generate_with_cache").isArray()
                ? expected.get("transformers_generate_with_cache")
                : expected.get("new_ids");
        assertThat(made.get(i)).as("prompt %d", i).isEqualTo(Golden.ints(ids));
      }
    }
  }

  /** With the decoder itself: some prompts go beyond the context that generators keep to. */
  private static List<int[]> greedy(CausalLm model, List<int[]> prompts, int count) {
    List<int[]> out = prompts.stream().map(p -> new int[count]).toList();
    Scope.run(
        "greedy",
        () -> {
          Decoder decoder = new Decoder(model);
          Decoder.Started started = decoder.start(prompts, count);
          try (KvCache cache = started.cache()) {
            Tensor hidden = started.hidden();
            for (int t = 0; t < count; t++) {
              long[] best = model.head().logits(hidden).argMax(-1).toLongs();
              int[] next = Arrays.stream(best).mapToInt(Math::toIntExact).toArray();
              for (int i = 0; i < next.length; i++) {
                out.get(i)[t] = next[i];
              }
              if (t + 1 < count) {
                hidden = decoder.step(cache, next);
              }
            }
          }
        });
    return out;
  }

  @ParameterizedTest
  @MethodSource("modelsWithConfigOfTransformers4")
  void config_with_the_keys_of_transformers_4_gives_the_same_model(String name, @TempDir Path temp)
      throws IOException {
    Path dir = Golden.model(name);
    Files.copy(dir.resolve("config_v4.json"), temp.resolve("config.json"));
    try (DirectoryStream<Path> weights = Files.newDirectoryStream(dir, "model*.safetensors*")) {
      for (Path file : weights) {
        Files.copy(file, temp.resolve(file.getFileName()));
      }
    }
    try (CausalLm model = CausalLm.load(temp);
        CausalLm same = CausalLm.load(dir)) {
      assertThat(model.spec()).isEqualTo(same.spec());
      compareForward(model, golden(dir));
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void saving_keeps_names_shapes_and_bytes(String name, @TempDir Path temp) {
    Path dir = Golden.model(name);
    Checkpoint before = Checkpoint.open(dir);
    SaveType type =
        switch (before.info(before.names().iterator().next()).type()) {
          case BF16 -> SaveType.BF16;
          case F16 -> SaveType.F16;
          default -> SaveType.F32;
        };
    try (CausalLm model = CausalLm.load(dir)) {
      model.save(temp, type);
      try (CausalLm again = CausalLm.load(temp)) {
        assertThat(again.config()).isEqualTo(model.config());
      }
    }
    Checkpoint after = Checkpoint.open(temp);
    assertThat(after.names()).isEqualTo(before.names());
    for (String tensor : before.names()) {
      assertThat(after.info(tensor).shape()).as(tensor).isEqualTo(before.info(tensor).shape());
      assertThat(after.bytes(tensor)).as(tensor).isEqualTo(before.bytes(tensor));
    }
  }

  @ParameterizedTest
  @MethodSource("mixtures")
  void routers_equal_transformers(String name) {
    Path dir = Golden.model(name);
    JsonNode golden = golden(dir);
    double tolerance = golden.at("/tolerance/logits_abs").asDouble();
    try (CausalLm model = CausalLm.load(dir)) {
      int chosen = chosen(model);
      for (int i = 0; i < prompts(golden).size(); i++) {
        JsonNode expected = golden.at("/expected/router/per_prompt").get(i);
        int[] ids = prompts(golden).get(i);
        Scope.run(
            "router",
            () -> {
              List<Tensor> logits = model.routed(TokenBatch.of(List.of(ids))).routerLogits();
              assertThat(logits).hasSize(expected.get("layers_with_router").intValue());
              assertThat(RouterLoss.loadBalance(logits, chosen).item())
                  .isCloseTo(expected.get("aux_loss").doubleValue(), within(1e-5));
              for (int layer = 0; layer < logits.size(); layer++) {
                JsonNode of = expected.get("router_logits").get(layer);
                compareSummary(logits.get(layer).toDoubles(), of, "router " + layer);
                double[] row = logits.get(layer).slice(0, 0, 1).toDoubles();
                assertThat(row)
                    .containsExactly(Golden.doubles(of.get("first_row")), within(tolerance));
                long[] top = logits.get(layer).topK(chosen, 1).indices().toLongs();
                List<Long> experts = new ArrayList<>();
                of.get("top_experts").forEach(t -> t.forEach(e -> experts.add(e.longValue())));
                assertThat(top).isEqualTo(experts.stream().mapToLong(e -> e).toArray());
              }
            });
      }
    }
  }

  @ParameterizedTest
  @MethodSource("mixtures")
  void router_losses_of_a_batch_are_those_of_its_sequences_and_reach_the_routers(String name) {
    JsonNode golden = golden(Golden.model(name));
    try (CausalLm model = CausalLm.load(Golden.model(name))) {
      model.trainAll();
      int chosen = chosen(model);
      TokenBatch batch = TokenBatch.of(prompts(golden));
      double[] losses =
          Scope.run(
              "router",
              () ->
                  Autograd.record(
                      () -> {
                        Tensor each =
                            RouterLoss.perSequence(
                                model.routed(batch).routerLogits(), batch.segments(), chosen);
                        Autograd.backward(each.sum());
                        return each.toDoubles();
                      }));
      for (int i = 0; i < losses.length; i++) {
        assertThat(losses[i])
            .isCloseTo(
                golden.at("/expected/router/per_prompt").get(i).get("aux_loss").doubleValue(),
                within(1e-5));
      }
      List<Parameter> routers =
          model.parameters().stream()
              .filter(p -> p.name().matches(".*(mlp|moe)\\.gate\\.weight"))
              .toList();
      assertThat(routers).isNotEmpty();
      for (Parameter p : routers) {
        double[] g = Scope.run("g", () -> p.gradient().orElseThrow().toDoubles());
        assertThat(Arrays.stream(g).map(Math::abs).max().orElse(0)).isPositive();
      }
    }
  }

  private static int chosen(CausalLm model) {
    return model.spec().blocks().stream()
        .map(BlockSpec::feedForward)
        .filter(FeedForwardSpec.Mixture.class::isInstance)
        .mapToInt(m -> ((FeedForwardSpec.Mixture) m).chosen())
        .findFirst()
        .orElseThrow();
  }

  private static JsonNode golden(Path dir) {
    return Golden.json(dir.resolve("golden.json.gz"));
  }

  private static List<int[]> prompts(JsonNode golden) {
    List<int[]> out = new ArrayList<>();
    golden.at("/inputs/prompts").forEach(p -> out.add(Golden.ints(p.get("ids"))));
    return out;
  }

  private static void compareForward(CausalLm model, JsonNode golden) {
    double tolerance = golden.at("/tolerance/logits_abs").asDouble();
    List<int[]> prompts = prompts(golden);
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

  private static void compareStates(CausalLm model, JsonNode golden) {
    double tolerance = golden.at("/tolerance/logits_abs").asDouble();
    List<int[]> prompts = prompts(golden);
    for (int i = 0; i < prompts.size(); i++) {
      JsonNode expected = golden.at("/expected/forward").get(i).get("hidden_states");
      int[] ids = prompts.get(i);
      Scope.run(
          "states",
          () -> {
            List<Tensor> states = model.hiddenStates(TokenBatch.of(List.of(ids)));
            assertThat(states).hasSize(expected.size());
            for (int k = 0; k < states.size(); k++) {
              JsonNode of = expected.get(k);
              compareSummary(states.get(k).toDoubles(), of, "state " + k);
              assertThat(states.get(k).slice(0, 0, 1).flatten().slice(0, 0, 8).toDoubles())
                  .as("state %d", k)
                  .containsExactly(
                      Golden.doubles(of.get("first8_of_position_0")), within(tolerance));
              int last = ids.length - 1;
              assertThat(
                      states.get(k).slice(0, last, last + 1).flatten().slice(0, 0, 8).toDoubles())
                  .as("state %d", k)
                  .containsExactly(
                      Golden.doubles(of.get("first8_of_last_position")), within(tolerance));
            }
          });
    }
  }

  static void compareSummary(double[] values, JsonNode expected, String what) {
    double scale = expected.get("abs_sum").doubleValue();
    double[] absolute = Arrays.stream(values).map(Math::abs).toArray();
    assertThat(Arrays.stream(values).sum())
        .as(what)
        .isCloseTo(expected.get("sum").doubleValue(), within(1e-5 * scale));
    assertThat(Arrays.stream(absolute).sum()).as(what).isCloseTo(scale, within(1e-5 * scale));
    double l2 = Math.sqrt(Arrays.stream(values).map(x -> x * x).sum());
    assertThat(l2).as(what).isCloseTo(expected.get("l2").doubleValue(), within(1e-5 * l2));
  }

  private static void compareTraining(CausalLm model, JsonNode golden) {
    model.trainAll();
    JsonNode training = golden.at("/expected/training");
    Map<String, double[]> start =
        model.parameters().stream()
            .collect(Collectors.toMap(Parameter::name, ModelParityTest::values));
    try (Optimizer adamW =
        AdamW.learningRate(LEARNING_RATE)
            .weightDecay(0.01)
            .decayingVectors()
            .create(model.parameters())) {
      for (int step = 0; step < 3; step++) {
        double loss = backward(model, golden);
        assertThat(loss)
            .as("loss before step %d", step + 1)
            .isCloseTo(training.get("losses").get(step).doubleValue(), within(2e-5));
        if (step == 0) {
          model.parameters().forEach(p -> compareGradient(p, training));
        }
        adamW.step(LEARNING_RATE);
        model.parameters().forEach(Parameter::zeroGradient);
      }
    }
    assertThat(backward(model, golden))
        .isCloseTo(training.get("losses").get(3).doubleValue(), within(2e-5));
    model
        .parameters()
        .forEach(p -> compareWeights(p, training, Objects.requireNonNull(start.get(p.name()))));
  }

  static double[] values(Parameter p) {
    return Scope.run("w", () -> p.value().toDoubles());
  }

  static void compareGradient(Parameter p, JsonNode training) {
    JsonNode expected = training.get("tensors").get(p.name());
    double[] ours = Scope.run("g", () -> p.gradient().orElseThrow().toDoubles());
    double l2 = Math.sqrt(Arrays.stream(ours).map(x -> x * x).sum());
    double expectedL2 = expected.get("gradient_l2").doubleValue();
    double tolerance =
        8 * expected.get("f64_gradient_max_abs_diff").doubleValue() + 1e-5 * expectedL2 + 1e-7;
    assertThat(l2)
        .as(p.name())
        .isCloseTo(expectedL2, within(Math.max(tolerance, 1e-4 * expectedL2)));
    int[] indices = Golden.ints(expected.get("flat_indices"));
    for (int i = 0; i < indices.length; i++) {
      assertThat(ours[indices[i]])
          .as(p.name() + "[" + indices[i] + "]")
          .isCloseTo(expected.get("gradient").get(i).doubleValue(), within(tolerance));
    }
  }

  static void compareWeights(Parameter p, JsonNode training, double[] start) {
    JsonNode expected = training.get("tensors").get(p.name());
    double[] ours = values(p);
    if (expected.path("gradient_is_mathematically_zero").asBoolean()) {
      // Adam turns the rounding noise of such a gradient into steps of the learning rate.
      for (int i = 0; i < ours.length; i++) {
        assertThat(ours[i]).as(p.name()).isCloseTo(start[i], within(4e-3));
      }
      return;
    }
    double tolerance = 8 * expected.get("f64_weights_max_abs_diff").doubleValue() + 2e-6;
    int[] indices = Golden.ints(expected.get("flat_indices"));
    for (int i = 0; i < indices.length; i++) {
      assertThat(ours[indices[i]])
          .as(p.name() + "[" + indices[i] + "] after three steps")
          .isCloseTo(expected.get("weights").get(i).doubleValue(), within(tolerance));
    }
    double l2 = Math.sqrt(Arrays.stream(ours).map(x -> x * x).sum());
    assertThat(l2)
        .as(p.name())
        .isCloseTo(
            expected.get("weights_l2").doubleValue(), within(tolerance * Math.sqrt(ours.length)));
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
