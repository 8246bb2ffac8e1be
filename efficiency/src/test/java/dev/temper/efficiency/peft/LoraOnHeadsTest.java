package dev.temper.efficiency.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.temper.checkpoint.Checkpoint;
import dev.temper.model.CausalLm;
import dev.temper.model.Encoder;
import dev.temper.model.Golden;
import dev.temper.model.Pooling;
import dev.temper.model.SequenceClassifier;
import dev.temper.model.TokenBatch;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.train.AdamW;
import dev.temper.train.Optimizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters on encoders and classifiers. */
class LoraOnHeadsTest {
  private static final TokenBatch BATCH =
      TokenBatch.of(List.of(new int[] {5, 9, 17, 3}, new int[] {20, 4}));

  @TempDir Path temp;

  private static double[] values(Supplier<Tensor> of) {
    return Scope.run("values", () -> of.get().toDoubles());
  }

  private static void train(List<Parameter> parameters, Supplier<Tensor> output) {
    try (Optimizer adamW = AdamW.learningRate(0.02).create(parameters)) {
      for (int step = 0; step < 3; step++) {
        Scope.run(
            "step",
            () ->
                Autograd.record(
                    () -> {
                      Autograd.backward(output.get().sub(1).square().mean());
                      return null;
                    }));
        adamW.step(0.02);
        parameters.forEach(Parameter::zeroGradient);
      }
    }
  }

  @Test
  void trains_merges_and_reads_back_on_an_encoder() {
    Path base = Golden.model("bert");
    double[] trained;
    try (Encoder encoder = Encoder.load(base);
        Adapter lora = Lora.rank(2).targets(Targets.allLinear()).attach(encoder)) {
      double[] before = values(() -> encoder.pooled(BATCH));
      train(lora.parameters(), () -> encoder.pooled(BATCH));
      trained = values(() -> encoder.pooled(BATCH));
      assertThat(trained).isNotEqualTo(before);
      lora.save(temp);
      lora.merge();
      assertThat(values(() -> encoder.pooled(BATCH))).containsExactly(trained, within(1e-4));
    }
    assertThat(Files.exists(temp.resolve("adapter_config.json"))).isTrue();
    assertThat(Checkpoint.open(temp.resolve("adapter_model.safetensors")).names())
        .contains(
            "base_model.model.encoder.layer.0.attention.self.query.lora_A.weight",
            "base_model.model.pooler.dense.lora_B.weight");
    try (Encoder encoder = Encoder.load(base);
        Adapter again = Adapters.load(encoder, temp)) {
      assertThat(again.parameters()).isNotEmpty();
      assertThat(values(() -> encoder.pooled(BATCH))).containsExactly(trained, within(1e-5));
      assertThat(values(() -> encoder.pooled(BATCH, Pooling.MEAN))).hasSize(2 * 48);
    }
  }

  @Test
  void the_default_targets_of_an_encoder_are_its_queries_and_values() {
    try (Encoder encoder = Encoder.load(Golden.model("bert"));
        Adapter lora = Lora.rank(2).attach(encoder)) {
      assertThat(lora.parameters())
          .hasSize(2 * 2 * 2)
          .allMatch(p -> p.name().contains(".query.") || p.name().contains(".value."));
    }
  }

  @Test
  void trains_a_new_head_beside_the_adapter_of_a_classifier() {
    double[] trained;
    try (SequenceClassifier model =
            SequenceClassifier.of(CausalLm.load(Golden.model("llama2")), 2, 1);
        Adapter lora = Lora.rank(2).attach(model)) {
      assertThat(model.parameters()).noneMatch(Parameter::isTrainable);
      model.headParameters().forEach(p -> p.setTrainable(true));
      float[] head = model.headParameters().get(0).toFloats();
      train(
          Stream.concat(lora.parameters().stream(), model.headParameters().stream()).toList(),
          () -> model.scores(BATCH));
      assertThat(model.headParameters().get(0).toFloats()).isNotEqualTo(head);
      trained = values(() -> model.scores(BATCH));
      lora.save(temp.resolve("adapter"));
      assertThat(temp.resolve("adapter/adapter_config.json"))
          .content()
          .contains("\"task_type\" : null");
      lora.merge();
      model.save(temp.resolve("merged"));
    }
    try (SequenceClassifier merged = SequenceClassifier.load(temp.resolve("merged"))) {
      assertThat(values(() -> merged.scores(BATCH))).containsExactly(trained, within(1e-4));
    }
  }
}
