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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Encoders and sequence classifiers against transformers. */
class HeadParityTest {
  private static final double LEARNING_RATE = 1e-3;

  @TempDir Path temp;

  private static JsonNode golden(Path dir) {
    return Golden.json(dir.resolve("golden.json.gz"));
  }

  private static Model load(Path dir) {
    return golden(dir).get("class").asText().equals("BertModel")
        ? Encoder.load(dir)
        : SequenceClassifier.load(dir);
  }

  /** Examples of a golden as one flat batch. */
  private record Inputs(TokenBatch batch, int[] types) {
    static Inputs of(Iterable<JsonNode> examples) {
      List<int[]> sequences = new ArrayList<>();
      List<Integer> types = new ArrayList<>();
      for (JsonNode e : examples) {
        int[] ids = Golden.ints(e.get("ids"));
        sequences.add(ids);
        for (int t = 0; t < ids.length; t++) {
          types.add(e.path("token_type_ids").path(t).asInt(0));
        }
      }
      return new Inputs(
          TokenBatch.of(sequences), types.stream().mapToInt(Integer::intValue).toArray());
    }

    Tensor hidden(Encoder encoder) {
      return encoder.hidden(batch, types);
    }

    Tensor scores(SequenceClassifier classifier) {
      return classifier.spec().embedding().tokenTypes() == 0
          ? classifier.scores(batch)
          : classifier.scores(batch, types);
    }
  }

  @Test
  void hidden_states_and_pooled_output_equal_transformers() {
    Path dir = Golden.model("bert");
    JsonNode golden = golden(dir);
    double tolerance = golden.at("/tolerance/logits_abs").asDouble();
    int before = Census.liveArrays();
    try (Encoder encoder = Encoder.load(dir)) {
      // All prompts in one flat batch: segments must not see each other.
      Inputs all = Inputs.of(golden.at("/inputs/prompts"));
      Scope.run(
          "forward",
          () -> {
            Tensor hidden = all.hidden(encoder);
            Tensor pooled = encoder.pool(hidden, all.batch.segments());
            for (int i = 0; i < all.batch.segments().count(); i++) {
              JsonNode expected = golden.at("/expected/forward").get(i);
              assertThat(pooled.select(0, i).toDoubles())
                  .containsExactly(
                      Golden.doubles(expected.at("/pooler_output/values")), within(tolerance));
              int[] positions = Golden.ints(expected.at("/last_hidden_state/positions"));
              for (int k = 0; k < positions.length; k++) {
                assertThat(
                        hidden
                            .select(0, all.batch.segments().starts()[i] + positions[k])
                            .toDoubles())
                    .containsExactly(
                        Golden.doubles(expected.at("/last_hidden_state/values").get(k)),
                        within(tolerance));
              }
            }
          });
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "bert_classifier", "llama_reward"})
  void states_of_every_layer_equal_transformers(String name) {
    Path dir = Golden.model(name);
    JsonNode golden = golden(dir);
    double tolerance = golden.at("/tolerance/logits_abs").asDouble();
    try (Model model = load(dir)) {
      for (int i = 0; i < golden.at("/inputs/prompts").size(); i++) {
        JsonNode expected = golden.at("/expected/forward").get(i).get("hidden_states");
        Inputs one = Inputs.of(List.of(golden.at("/inputs/prompts").get(i)));
        Scope.run(
            "states",
            () -> {
              List<Tensor> states =
                  model instanceof Encoder e
                      ? e.hiddenStates(one.batch, one.types)
                      : ((SequenceClassifier) model).hiddenStates(one.batch, one.types);
              assertThat(states).hasSize(expected.size());
              for (int k = 0; k < states.size(); k++) {
                JsonNode of = expected.get(k);
                ModelParityTest.compareSummary(states.get(k).toDoubles(), of, "state " + k);
                assertThat(states.get(k).flatten().slice(0, 0, 8).toDoubles())
                    .containsExactly(
                        Golden.doubles(of.get("first8_of_position_0")), within(tolerance));
              }
            });
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert_classifier", "llama_reward"})
  void scores_equal_transformers(String name) {
    Path dir = Golden.model(name);
    int before = Census.liveArrays();
    try (SequenceClassifier model = SequenceClassifier.load(dir)) {
      compareScores(model, golden(dir));
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  private static void compareScores(SequenceClassifier model, JsonNode golden) {
    double tolerance = golden.at("/tolerance/logits_abs").asDouble();
    Inputs all = Inputs.of(golden.at("/inputs/prompts"));
    Scope.run(
        "scores",
        () -> {
          Tensor scores = all.scores(model);
          assertThat(scores.dim(1)).isEqualTo(model.labels().size());
          for (int i = 0; i < scores.dim(0); i++) {
            assertThat(scores.select(0, i).toDoubles())
                .as("prompt %d", i)
                .containsExactly(
                    Golden.doubles(
                        golden.at("/expected/forward").get(i).at("/logits/values").get(0)),
                    within(tolerance));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "bert_classifier", "llama_reward"})
  void gradients_and_weights_after_steps_equal_transformers(String name) {
    Path dir = Golden.model(name);
    JsonNode golden = golden(dir);
    JsonNode training = golden.at("/expected/training");
    int before = Census.liveArrays();
    try (Model model = load(dir)) {
      model.trainAll();
      assertThat(model.parameters()).hasSize(training.get("tensors").size());
      Map<String, double[]> start =
          model.parameters().stream()
              .collect(Collectors.toMap(Parameter::name, ModelParityTest::values));
      try (Optimizer adamW =
          AdamW.learningRate(LEARNING_RATE)
              .weightDecay(0.01)
              .decayingVectors()
              .create(model.parameters())) {
        for (int step = 0; step < 3; step++) {
          assertThat(backward(model, golden))
              .as("loss before step %d", step + 1)
              .isCloseTo(training.get("losses").get(step).doubleValue(), within(2e-5));
          if (step == 0) {
            model.parameters().forEach(p -> ModelParityTest.compareGradient(p, training));
          }
          adamW.step(LEARNING_RATE);
          model.parameters().forEach(Parameter::zeroGradient);
        }
      }
      assertThat(backward(model, golden))
          .isCloseTo(training.get("losses").get(3).doubleValue(), within(2e-5));
      model
          .parameters()
          .forEach(
              p ->
                  ModelParityTest.compareWeights(
                      p, training, Objects.requireNonNull(start.get(p.name()))));
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  private static double backward(Model model, JsonNode golden) {
    return Scope.run(
        "step",
        () ->
            Autograd.record(
                () -> {
                  Tensor loss = loss(model, golden);
                  Autograd.backward(loss);
                  return loss.item();
                }));
  }

  /** The loss that the golden's formula describes. */
  private static Tensor loss(Model model, JsonNode golden) {
    JsonNode examples = golden.at("/inputs/training_examples");
    Inputs in = Inputs.of(examples);
    if (model instanceof Encoder encoder) {
      Tensor hidden = in.hidden(encoder);
      Tensor means = Pooling.MEAN.apply(hidden, in.batch.segments());
      Tensor a = means.select(0, 0);
      Tensor b = means.select(0, 1);
      Tensor norms = a.square().sum().mul(b.square().sum()).sqrt();
      Tensor pooled = encoder.pool(hidden, in.batch.segments());
      return a.mul(b).sum().div(norms).neg().add(1).add(pooled.square().mean());
    }
    Tensor scores = in.scores((SequenceClassifier) model);
    if (scores.dim(1) == 1) {
      return scores.select(0, 0).sub(scores.select(0, 1)).logSigmoid().neg().sum();
    }
    long[] labels = new long[examples.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = examples.get(i).get("label").longValue();
    }
    return scores.logSoftmax(1).gather(1, Tensors.of(labels, labels.length, 1)).mean().neg();
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "bert_classifier", "llama_reward"})
  void saving_keeps_names_shapes_and_bytes(String name) {
    Path dir = Golden.model(name);
    Checkpoint before = Checkpoint.open(dir);
    try (Model model = load(dir)) {
      model.save(temp);
      try (Model again = load2(temp, model)) {
        assertThat(again.config()).isEqualTo(model.config());
        assertThat(again.config().get("architectures").get(0).asText())
            .isEqualTo(golden(dir).get("class").asText());
      }
    }
    Checkpoint after = Checkpoint.open(temp);
    assertThat(after.names()).isEqualTo(before.names());
    for (String tensor : before.names()) {
      assertThat(after.info(tensor).shape()).as(tensor).isEqualTo(before.info(tensor).shape());
      assertThat(after.bytes(tensor)).as(tensor).isEqualTo(before.bytes(tensor));
    }
  }

  private static Model load2(Path dir, Model like) {
    return like instanceof Encoder ? Encoder.load(dir) : SequenceClassifier.load(dir);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "bert_classifier", "llama_reward"})
  void config_with_the_keys_of_transformers_4_gives_the_same_model(String name) throws IOException {
    Path dir = Golden.model(name);
    Files.copy(dir.resolve("config_v4.json"), temp.resolve("config.json"));
    Files.copy(dir.resolve("model.safetensors"), temp.resolve("model.safetensors"));
    try (Model model = load(dir);
        Model same = load2(temp, model)) {
      assertThat(same.spec()).isEqualTo(model.spec());
      if (same instanceof SequenceClassifier classifier) {
        compareScores(classifier, golden(dir));
      }
    }
  }
}
