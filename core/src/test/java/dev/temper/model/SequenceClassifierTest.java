package dev.temper.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.TensorSource;
import dev.temper.tensor.Census;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SequenceClassifierTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<int[]> SEQUENCES =
      List.of(new int[] {5, 9, 17, 3}, new int[] {20, 4}, new int[] {8, 8, 31, 2, 6});

  @TempDir Path temp;

  private static double[] scores(SequenceClassifier model) {
    return Scope.run("scores", () -> model.scores(TokenBatch.of(SEQUENCES)).toDoubles());
  }

  @ParameterizedTest
  @CsvSource({
    "llama2, LlamaForSequenceClassification",
    "qwen2, Qwen2ForSequenceClassification",
    "gpt2, GPT2ForSequenceClassification",
    "gpt_neox, GPTNeoXForSequenceClassification",
    "opt_postnorm_proj, OPTForSequenceClassification",
    "gemma3_text, Gemma3TextForSequenceClassification",
    "mixtral, MixtralForSequenceClassification"
  })
  void a_new_head_on_a_language_model_is_saved_and_read_back(String name, String architecture) {
    int before = Census.liveArrays();
    double[] made;
    try (SequenceClassifier model =
        SequenceClassifier.of(CausalLm.load(Golden.model(name)), 3, 11)) {
      made = scores(model);
      assertThat(model.parameters()).extracting(Parameter::name).doesNotContain("lm_head.weight");
      assertThat(model.parameters()).containsAll(model.headParameters());
      model.save(temp);
    }
    assertThat(Checkpoint.open(temp).names())
        .contains("score.weight")
        .doesNotContain("lm_head.weight", "embed_out.weight", "score.bias");
    try (SequenceClassifier again = SequenceClassifier.load(temp)) {
      assertThat(scores(again)).containsExactly(made);
      assertThat(again.labels()).containsExactly("LABEL_0", "LABEL_1", "LABEL_2");
      assertThat(again.config().at("/architectures/0").asText()).isEqualTo(architecture);
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @Test
  void a_new_head_follows_the_seed_and_the_initializer_range() {
    try (SequenceClassifier one =
            SequenceClassifier.of(CausalLm.load(Golden.model("llama2")), 8, 1);
        SequenceClassifier same =
            SequenceClassifier.create(Golden.model("llama2"), one.labels(), 1);
        SequenceClassifier other =
            SequenceClassifier.create(Golden.model("llama2"), one.labels(), 2)) {
      float[] weights = one.headParameters().get(0).toFloats();
      assertThat(same.headParameters().get(0).toFloats()).isEqualTo(weights);
      assertThat(other.headParameters().get(0).toFloats()).isNotEqualTo(weights);
      double square = 0;
      for (float w : weights) {
        square += (double) w * w;
      }
      assertThat(Math.sqrt(square / weights.length)).isCloseTo(0.02, within(0.002));
    }
  }

  @Test
  void an_encoder_gets_a_head_on_its_pooled_output() {
    try (SequenceClassifier model =
        SequenceClassifier.create(Golden.model("bert"), List.of("no", "yes"), 4)) {
      double[] made = scores(model);
      model.save(temp);
      assertThat(Checkpoint.open(temp).names())
          .contains("bert.pooler.dense.weight", "classifier.weight", "classifier.bias")
          .allMatch(n -> n.startsWith("bert.") || n.startsWith("classifier."));
      try (SequenceClassifier again = SequenceClassifier.load(temp)) {
        assertThat(again.labels()).containsExactly("no", "yes");
        assertThat(again.config().at("/label2id/yes").asInt()).isEqualTo(1);
        assertThat(scores(again)).containsExactly(made);
      }
    }
  }

  @Test
  void branches_of_a_shared_prompt_score_as_whole_sequences() {
    int[] prompt = {5, 9, 17};
    int[] left = {3, 4};
    int[] right = {30};
    Segments shared = new Segments(new int[] {0, 3, 5}, new int[] {3, 5, 6}, new int[] {-1, 0, 0});
    try (SequenceClassifier model = SequenceClassifier.load(Golden.model("llama_reward"))) {
      Scope.run(
          "scores",
          () -> {
            double[] branches =
                model.scores(TokenBatch.of(List.of(prompt, left, right), shared)).toDoubles();
            double[] whole =
                model
                    .scores(
                        TokenBatch.of(
                            List.of(prompt, new int[] {5, 9, 17, 3, 4}, new int[] {5, 9, 17, 30})))
                    .toDoubles();
            assertThat(branches).containsExactly(whole, within(1e-5));
          });
    }
  }

  @Test
  void pooling_covers_the_shared_prompt() {
    Segments shared = new Segments(new int[] {0, 2, 3}, new int[] {2, 3, 5}, new int[] {-1, 0, 0});
    Scope.run(
        "pool",
        () -> {
          Tensor hidden = dev.temper.tensor.Tensors.of(new float[] {1, 3, 5, 7, 9}, 5, 1);
          assertThat(Pooling.FIRST.apply(hidden, shared).toDoubles()).containsExactly(1, 1, 1);
          assertThat(Pooling.LAST.apply(hidden, shared).toDoubles()).containsExactly(3, 5, 9);
          assertThat(Pooling.MEAN.apply(hidden, shared).toDoubles())
              .containsExactly(new double[] {2, 3, 5}, within(1e-6));
        });
  }

  /** The golden encoder's file with other names. */
  private void encoderNamed(UnaryOperator<String> rename) throws IOException {
    Path dir = Golden.model("bert");
    Checkpoint from = Checkpoint.open(dir);
    CheckpointWriter.writeFile(
        temp.resolve("model.safetensors"),
        from.names().stream()
            .filter(n -> !rename.apply(n).isEmpty())
            .map(n -> from.source(n).named(rename.apply(n)))
            .map(TensorSource.class::cast)
            .toList());
    ObjectNode config = (ObjectNode) JSON.readTree(dir.resolve("config.json").toFile());
    config.putArray("architectures").add("BertForMaskedLM");
    Files.writeString(temp.resolve("config.json"), config.toString());
  }

  @Test
  void an_encoder_is_read_from_a_file_with_a_head_and_old_names_and_saved_bare()
      throws IOException {
    encoderNamed(
        n ->
            "bert."
                + n.replace("LayerNorm.weight", "LayerNorm.gamma")
                    .replace("LayerNorm.bias", "LayerNorm.beta"));
    try (Encoder old = Encoder.load(temp);
        Encoder plain = Encoder.load(Golden.model("bert"))) {
      assertThat(pooled(old)).isEqualTo(pooled(plain));
      assertThat(old.linears()).extracting(Linear::name).contains("pooler.dense");
      assertThat(old.config().at("/architectures/0").asText()).isEqualTo("BertModel");
      old.save(temp.resolve("bare"));
      assertThat(Checkpoint.open(temp.resolve("bare")).names())
          .contains("embeddings.word_embeddings.weight")
          .noneMatch(n -> n.startsWith("bert."));
    }
    try (Encoder again = Encoder.load(temp.resolve("bare"))) {
      assertThat(pooled(again)).hasSize(3 * 48);
    }
  }

  private static float[] pooled(Encoder encoder) {
    return Scope.run("pooled", () -> encoder.pooled(TokenBatch.of(SEQUENCES)).toFloats());
  }

  @Test
  void an_encoder_without_a_pooler_pools_by_mean_only() throws IOException {
    encoderNamed(n -> n.startsWith("pooler") ? "" : "bert." + n);
    try (Encoder encoder = Encoder.load(temp)) {
      assertThat(encoder.hasPooler()).isFalse();
      Scope.run(
          "mean",
          () -> {
            assertThat(encoder.pooled(TokenBatch.of(SEQUENCES), Pooling.MEAN).dim(0)).isEqualTo(3);
            assertThatThrownBy(() -> encoder.pooled(TokenBatch.of(SEQUENCES)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("holds no pooler");
          });
    }
    assertThatThrownBy(() -> SequenceClassifier.create(temp, List.of("a", "b"), 0))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("holds no pooler");
  }

  @Test
  void what_does_not_fit_is_one_clear_error() throws IOException {
    assertThatThrownBy(() -> SequenceClassifier.load(Golden.model("llama2")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("holds no tensor 'score.weight'")
        .hasMessageContaining("SequenceClassifier.create");
    assertThatThrownBy(() -> Encoder.load(Golden.model("llama2")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("'llama' is a decoder");
    assertThatThrownBy(() -> CausalLm.load(Golden.model("bert")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("'bert' is an encoder");
    assertThatThrownBy(
            () -> SequenceClassifier.create(Golden.model("llama2"), List.of("a", "a"), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("all different");
    Path dir = Golden.model("llama_reward");
    Files.copy(dir.resolve("model.safetensors"), temp.resolve("model.safetensors"));
    ObjectNode config = (ObjectNode) JSON.readTree(dir.resolve("config.json").toFile());
    config.putObject("id2label").put("0", "a").put("1", "b");
    Files.writeString(temp.resolve("config.json"), config.toString());
    assertThatThrownBy(() -> SequenceClassifier.load(temp))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("'score.weight' has shape [1, 48], config.json asks for [2, 48]");
    config.putObject("id2label").put("7", "a");
    Files.writeString(temp.resolve("config.json"), config.toString());
    assertThatThrownBy(() -> SequenceClassifier.load(temp)).hasMessageContaining("'id2label'");
    config.remove("id2label");
    config.put("num_labels", 2_000_000_000);
    Files.writeString(temp.resolve("config.json"), config.toString());
    assertThatThrownBy(() -> SequenceClassifier.load(temp))
        .hasMessageContaining("'num_labels' is 2000000000");
  }
}
