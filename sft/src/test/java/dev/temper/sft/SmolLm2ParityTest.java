package dev.temper.sft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.data.Origin;
import dev.temper.data.TokenExample;
import dev.temper.generate.Completion;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.LocalGenerator;
import dev.temper.generate.StopConditions;
import dev.temper.model.CausalLm;
import dev.temper.model.DecodeWeights;
import dev.temper.train.AdamW;
import dev.temper.train.Schedule;
import dev.temper.train.TrainingListener;
import dev.temper.train.metrics.MetricRow;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A really trained instruct model against transformers. Needs its directory in the environment
 * variable TEMPER_SMOLLM2.
 */
@Tag("slow")
class SmolLm2ParityTest {
  private static Path directory = Path.of("");

  @BeforeAll
  static void find() {
    String given = System.getenv("TEMPER_SMOLLM2");
    assumeTrue(
        given != null && Files.exists(Path.of(given, "model.safetensors")),
        "set TEMPER_SMOLLM2 to a directory of SmolLM2-135M-Instruct to run this test");
    directory = Path.of(given);
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT16"})
  void greedy_chats_equal_transformers(DecodeWeights weights) throws IOException {
    try (CausalLm model = CausalLm.load(directory);
        LocalGenerator generator = new LocalGenerator(model).weights(weights)) {
      for (JsonNode chat : json("golden").at("/expected/greedy_chat")) {
        int[] expected = ints(chat.get("new_ids"));
        GenerationOptions options =
            GenerationOptions.maxNewTokens(expected.length).stop(StopConditions.tokens(2));
        Completion made = generator.generate(List.of(ints(chat.get("prompt_ids"))), options).get(0);
        assertThat(made.ids()).isEqualTo(expected);
      }
    }
  }

  @Test
  void log_probs_equal_transformers() throws IOException {
    try (CausalLm model = CausalLm.load(directory)) {
      for (JsonNode chat : json("golden").at("/expected/chat_logprobs")) {
        float[] ours = LocalGenerator.score(model, List.of(ints(chat.get("ids")))).get(0);
        JsonNode expected = chat.get("logprobs_of_ids_1_to_end");
        for (int i = 0; i < ours.length; i++) {
          assertThat((double) ours[i]).isCloseTo(expected.get(i).doubleValue(), within(1e-3));
        }
      }
    }
  }

  @Test
  void perplexity_equals_transformers() throws IOException {
    JsonNode wiki = json("golden").at("/expected/wikitext2_valid");
    try (CausalLm model = CausalLm.load(directory)) {
      double sum = 0;
      long count = 0;
      for (JsonNode window : wiki.get("windows")) {
        for (float x : LocalGenerator.score(model, List.of(ints(window.get("ids")))).get(0)) {
          sum -= x;
          count++;
        }
      }
      assertThat(sum / count).isCloseTo(wiki.get("mean_nll").doubleValue(), within(1e-4));
    }
  }

  @Test
  void four_full_steps_have_transformers_losses() throws IOException {
    JsonNode golden = json("sft_steps");
    List<TokenExample> examples = new ArrayList<>();
    for (JsonNode e : golden.get("inputs")) {
      int[] ids = ints(e.get("ids"));
      float[] weights = new float[ids.length];
      Arrays.fill(weights, e.get("prompt").intValue(), ids.length, 1);
      examples.add(new TokenExample(ids, weights, Origin.memory("GSM8K")));
    }
    List<Double> losses = new ArrayList<>();
    try (CausalLm model = CausalLm.load(directory)) {
      SftTrainer.of(model)
          .trainAll()
          .examples(examples)
          .optimizer(AdamW.learningRate(1e-5))
          .schedule(Schedule.constant())
          .maxGradNorm(0)
          .shuffle(false)
          .steps(4)
          .batchSize(8)
          .listener(
              new TrainingListener() {
                @Override
                public void onMetrics(MetricRow row) {
                  losses.add(row.values().get("loss"));
                }
              })
          .run();
    }
    JsonNode expected = golden.at("/expected/loss");
    for (int i = 0; i < 4; i++) {
      assertThat(losses.get(i))
          .as("step %d", i + 1)
          .isCloseTo(expected.get(i).doubleValue(), within(1e-4));
    }
  }

  private static int[] ints(JsonNode array) {
    int[] out = new int[array.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = array.get(i).intValue();
    }
    return out;
  }

  private static JsonNode json(String name) throws IOException {
    String path = "/golden/smollm2/" + name + ".json.gz";
    try (InputStream in =
        new GZIPInputStream(
            Objects.requireNonNull(SmolLm2ParityTest.class.getResourceAsStream(path), path))) {
      return new ObjectMapper().readTree(in);
    }
  }
}
