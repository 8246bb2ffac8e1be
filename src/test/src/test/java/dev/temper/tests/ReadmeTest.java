package dev.temper.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.temper.efficiency.peft.Adapter;
import dev.temper.efficiency.peft.Adapters;
import dev.temper.efficiency.peft.Lora;
import dev.temper.efficiency.peft.Targets;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.LocalGenerator;
import dev.temper.model.CausalLm;
import dev.temper.sft.SftTrainer;
import dev.temper.tensor.Tensor;
import dev.temper.text.AddSpecialTokens;
import dev.temper.train.AdamW;
import dev.temper.train.LossOutput;
import dev.temper.train.Schedule;
import dev.temper.train.TrainingReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java in the README is this class's: each block equals a region of a test that runs here. */
class ReadmeTest {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\\n(.*?)^```$");
  private static final Pattern REGION =
      Pattern.compile("(?ms)^ *// readme: (?!end)([^\\n]+)\\n(.*?)^ *// readme: end$");

  private final Path base = Repository.root().resolve("examples/models/stories260K");
  @TempDir Path runs;
  private Path train;

  @BeforeEach
  void a_few_rows() throws IOException {
    List<String> rows = Repository.read("examples/data/shakespeare-train.jsonl").lines().toList();
    train = Files.write(runs.resolve("train.jsonl"), rows.subList(0, 12));
  }

  @Test
  void every_java_block_of_the_readme_is_code_that_runs_here() {
    Map<String, String> regions = new LinkedHashMap<>();
    Matcher region =
        REGION.matcher(Repository.read("src/test/src/test/java/dev/temper/tests/ReadmeTest.java"));
    while (region.find()) {
      regions.put(region.group(1), words(region.group(2)));
    }
    List<String> blocks =
        BLOCK.matcher(Repository.read("README.md")).results().map(m -> words(m.group(1))).toList();

    assertThat(blocks).isNotEmpty().containsExactlyInAnyOrderElementsOf(regions.values());
  }

  @Test
  void fine_tunes_with_lora() {
    // readme: fine-tune
    try (CausalLm model = CausalLm.load(base);
        Adapter adapter = Lora.rank(16).alpha(32).targets(Targets.allLinear()).attach(model)) {
      TrainingReport report =
          SftTrainer.of(model)
              .train(adapter)
              .data(train)
              .optimizer(AdamW.learningRate(2e-4))
              .schedule(Schedule.cosine().warmup(0.1))
              .epochs(1)
              .batchSize(8)
              .output(runs.resolve("sft"))
              .run();
      adapter.save(runs.resolve("adapter"));
      adapter.merge();
      model.save(runs.resolve("merged"));
      System.out.println(report.metrics().get("loss"));
    }
    // readme: end

    assertThat(runs.resolve("sft/checkpoints/last/state.json")).exists();
    assertThat(runs.resolve("adapter/adapter_model.safetensors")).exists();
    generates_with_a_saved_adapter();
  }

  @SuppressWarnings("try") // Being attached is all the adapter is there for.
  private void generates_with_a_saved_adapter() {
    // readme: generate
    try (CausalLm model = CausalLm.load(base);
        Adapter adapter = Adapters.load(model, runs.resolve("adapter"))) {
      int[] prompt = model.tokenizer().ids("First Citizen:", AddSpecialTokens.YES);
      var completion =
          new LocalGenerator(model)
              .generate(List.of(prompt), GenerationOptions.maxNewTokens(32))
              .get(0);
      System.out.println(completion.text());
    }
    // readme: end
  }

  @Test
  void trains_with_a_loss_of_ones_own() {
    try (CausalLm model = CausalLm.load(base)) {
      SftTrainer trainer = SftTrainer.of(model).trainAll().data(train).steps(1);

      // readme: loss
      trainer.loss(
          in -> {
            Tensor p = in.logProbs().exp();
            Tensor focal = p.neg().add(1).mul(in.logProbs()).neg(); // -(1 - p) ln p
            return LossOutput.weighted(focal, in.weights(), LossOutput.Per.TOKEN);
          });
      // readme: end

      assertThat(trainer.run().metrics().get("loss")).isPositive();
    }
  }

  /** The layout is the formatter's business, what is said is not. */
  private static String words(String code) {
    return code.replaceAll("\\s+", "");
  }
}
