package dev.temper.alignment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.model.CausalLm;
import dev.temper.model.Model;
import dev.temper.tensor.Parameter;
import dev.temper.train.AdamW;
import dev.temper.train.Objective;
import dev.temper.train.Schedule;
import dev.temper.train.Source;
import dev.temper.train.Trainable;
import dev.temper.train.TrainingListener;
import dev.temper.train.TrainingLoop;
import dev.temper.train.TrainingSettings;
import dev.temper.train.metrics.MetricRow;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;

/** Replays a recorded run of a TRL trainer and compares every step and the final weights. */
final class Trajectory {
  private static final String CONFIG =
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 40, "hidden_size": 32, "intermediate_size": 56,
       "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "rms_norm_eps": 1e-6,
       "rope_theta": 10000.0, "max_position_embeddings": 128, "tie_word_embeddings": false, "hidden_act": "silu"}
      """;

  private Trajectory() {}

  /** The run of this name in a file of goldens. */
  static JsonNode run(String file, String name) {
    for (JsonNode run : Golden.json(file).get("runs")) {
      if (run.get("name").asText().equals(name)) {
        return run;
      }
    }
    throw new IllegalArgumentException(name);
  }

  static CausalLm model(Path temp) {
    try {
      Files.writeString(temp.resolve("config.json"), CONFIG);
      try (InputStream in =
          Objects.requireNonNull(
              Trajectory.class.getResourceAsStream(
                  "/golden/alignment/tiny_llama_init.safetensors"))) {
        Files.write(temp.resolve("model.safetensors"), in.readAllBytes());
      }
      return CausalLm.load(temp);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Trains as recorded and compares; the metrics named are compared too. */
  static <E> void replay(
      JsonNode run,
      Model model,
      Objective<E> objective,
      BiFunction<JsonNode, Integer, E> example,
      int rowsPerExample,
      int tokenBudget,
      List<String> metrics) {
    Schedule shape =
        run.get("scheduler").asText().equals("cosine") ? Schedule.cosine() : Schedule.linear();
    TrainingSettings settings =
        new TrainingSettings(12, tokenBudget, 0.5, shape.warmup(2), 0, 0, 0, 0, Optional.empty());
    List<MetricRow> rows = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onMetrics(MetricRow row) {
            rows.add(row);
          }
        };
    new TrainingLoop(settings, AdamW.learningRate(0.005).weightDecay(0.01), List.of(listener))
        .run(
            Trainable.of(model.parameters()),
            new Replay<>(run, example, rowsPerExample),
            objective,
            List.of(),
            false);
    for (int k = 0; k < 12; k++) {
      JsonNode step = run.get("steps").get(k);
      double loss = step.get("loss").doubleValue();
      near("loss of step " + (k + 1), rows.get(k), "loss", loss, 2e-5 + 1e-5 * Math.abs(loss));
      double norm = step.get("grad_norm").doubleValue();
      near("norm of step " + (k + 1), rows.get(k), "grad_norm", norm, 1e-4 * norm + 1e-7);
      for (String metric : metrics) {
        if (step.has(metric)) {
          double value = step.get(metric).doubleValue();
          near(
              metric + " of step " + (k + 1),
              rows.get(k),
              metric,
              value,
              1e-4 + 2e-5 * Math.abs(value));
        }
      }
    }
    for (Parameter p : model.parameters()) {
      JsonNode expected = run.get("final_parameters").get(p.name());
      double sum = 0;
      double squares = 0;
      for (float x : p.toFloats()) {
        sum += x;
        squares += (double) x * x;
      }
      assertThat(sum)
          .as("sum of " + p.name())
          .isCloseTo(expected.get("sum").doubleValue(), within(2e-4));
      double l2 = expected.get("l2").doubleValue();
      assertThat(Math.sqrt(squares)).as("norm of " + p.name()).isCloseTo(l2, within(1e-5 * l2));
    }
  }

  private static void near(
      String what, MetricRow row, String metric, double expected, double tolerance) {
    assertThat(row.values()).as(what).containsKey(metric);
    assertThat(row.values().get(metric)).as(what).isCloseTo(expected, within(tolerance));
  }

  /** The ids of a row where both masks say so. */
  static int[] ids(JsonNode inputs, int row, String prefix, boolean completion) {
    JsonNode ids = inputs.get(prefix + "input_ids").get(row);
    JsonNode attention = inputs.get(prefix + "attention_mask").get(row);
    JsonNode mask = inputs.get(prefix + "completion_mask").get(row);
    List<Integer> out = new ArrayList<>();
    for (int t = 0; t < ids.size(); t++) {
      if (attention.get(t).intValue() == 1 && (mask.get(t).intValue() == 1) == completion) {
        out.add(ids.get(t).intValue());
      }
    }
    return out.stream().mapToInt(Integer::intValue).toArray();
  }

  /** The recorded micro-batches, an accumulation window a step. */
  private static final class Replay<E> implements Source<E> {
    private final JsonNode run;
    private final BiFunction<JsonNode, Integer, E> example;
    private final int rowsPerExample;
    private int step;

    Replay(JsonNode run, BiFunction<JsonNode, Integer, E> example, int rowsPerExample) {
      this.run = run;
      this.example = example;
      this.rowsPerExample = rowsPerExample;
    }

    @Override
    public List<E> next() {
      int accumulation = run.get("accumulation").intValue();
      List<E> out = new ArrayList<>();
      for (int m = 0; m < accumulation; m++) {
        JsonNode inputs = run.get("micro_batches").get(step * accumulation + m).get("inputs");
        for (int i = 0; i < inputs.get("input_ids").size() / rowsPerExample; i++) {
          out.add(example.apply(inputs, i));
        }
      }
      step++;
      return out;
    }

    @Override
    public double epoch() {
      return 0;
    }

    @Override
    public String state() {
      return "";
    }

    @Override
    public void resume(String state) {
      throw new IllegalStateException("not resumable: " + state);
    }
  }
}
