package dev.temper.sft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.data.Origin;
import dev.temper.data.TokenExample;
import dev.temper.model.CausalLm;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.train.AdamW;
import dev.temper.train.Counts;
import dev.temper.train.LossOutput;
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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * TRL's own runs, replayed: loss, gradient norm and learning rate of every step, and the final
 * weights.
 */
class SftTrajectoryTest {
  @ParameterizedTest
  @CsvSource({
    "0, 1000000",
    "0, 1",
    "1, 1000000",
    "2, 1000000",
    "3, 1000000",
    "4, 1000000",
    "4, 16"
  })
  void replays_trl(int index, int tokenBudget, @TempDir Path temp) throws IOException {
    JsonNode run = golden().get("runs").get(index);
    List<MetricRow> rows = new ArrayList<>();
    try (CausalLm model = TinyLlama.load(temp)) {
      model.trainAll();
      boolean dft = run.get("name").asText().contains("dft");
      Schedule shape =
          run.get("scheduler").asText().equals("cosine")
              ? Schedule.cosine()
              : run.get("scheduler").asText().equals("linear")
                  ? Schedule.linear()
                  : Schedule.constant();
      TrainingSettings settings =
          new TrainingSettings(12, tokenBudget, 0.5, shape.warmup(2), 0, 0, 0, 0, Optional.empty());
      TrainingListener listener =
          new TrainingListener() {
            @Override
            public void onMetrics(MetricRow row) {
              rows.add(row);
            }
          };
      PerMicroBatch objective =
          new PerMicroBatch(
              new SftObjective(
                  model, dft ? SftLosses.dft() : SftLosses.nll(), SftObjective.Noise.none()),
              tokenBudget >= 1_000_000 ? run.get("batch").intValue() : 0);
      List<String> spared = new ArrayList<>();
      run.get("no_decay_parameters").forEach(name -> spared.add(name.asText()));
      assertThat(model.parameters())
          .as("what AdamW spares from weight decay is what transformers spares")
          .filteredOn(p -> p.shape().rank() == 1)
          .extracting(Parameter::name)
          .containsExactlyInAnyOrderElementsOf(spared);
      new TrainingLoop(settings, AdamW.learningRate(0.005).weightDecay(0.01), List.of(listener))
          .run(Trainable.of(model.parameters()), new Replay(run), objective, List.of(), false);
      for (int k = 0; k < 12; k++) {
        JsonNode step = run.get("steps").get(k);
        double loss = step.get("loss").doubleValue();
        assertThat(rows.get(k).values().get("loss"))
            .as("loss of step %d", k + 1)
            .isCloseTo(loss, within(2e-5 + 1e-5 * Math.abs(loss)));
        double norm = step.get("grad_norm").doubleValue();
        assertThat(rows.get(k).values().get("grad_norm"))
            .as("norm of step %d", k + 1)
            .isCloseTo(norm, within(1e-4 * norm));
        assertThat(rows.get(k).values().get("num_tokens"))
            .isEqualTo(step.get("num_tokens").doubleValue());
        if (objective.batch() > 0) {
          // 12 steps of AdamW move float32 noise into the entropy as they do into the loss.
          assertThat(objective.mean(k, "entropy"))
              .as("entropy of step %d", k + 1)
              .isCloseTo(step.get("entropy").doubleValue(), within(5e-5));
          assertThat(objective.mean(k, "mean_token_accuracy"))
              .as("accuracy of step %d", k + 1)
              .isCloseTo(step.get("mean_token_accuracy").doubleValue(), within(1e-6));
        }
        double rate = step.get("learning_rate").doubleValue();
        assertThat(rows.get(k).values().get("learning_rate"))
            .isCloseTo(rate, within(1e-9 * Math.max(rate, 1e-12)));
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
  }

  /**
   * Passes everything on, and keeps the metrics TRL logs: means of the means of its micro-batches,
   * where ours are means over the step. Where TRL has one micro-batch a step both are the same.
   */
  private record PerMicroBatch(SftObjective objective, int batch, List<Map<String, Double>> seen)
      implements Objective<TokenExample> {
    PerMicroBatch(SftObjective objective, int batch) {
      this(objective, batch, new ArrayList<>());
    }

    double mean(int step, String name) {
      return Objects.requireNonNull(seen.get(step).get(name), name);
    }

    @Override
    public LossOutput evaluate(List<TokenExample> step, Rng rng) {
      if (batch > 0) {
        Map<String, Double> means = new HashMap<>();
        for (int from = 0; from < step.size(); from += batch) {
          List<TokenExample> micro = step.subList(from, from + batch);
          Autograd.off(() -> objective.evaluate(micro, rng))
              .metrics()
              .forEach((k, v) -> means.merge(k, v.value() * batch / step.size(), Double::sum));
        }
        seen.add(means);
      }
      return objective.evaluate(step, rng);
    }

    @Override
    public int tokens(TokenExample example) {
      return objective.tokens(example);
    }

    @Override
    public String describe(TokenExample example) {
      return objective.describe(example);
    }

    @Override
    public Counts counts(List<TokenExample> step) {
      return objective.counts(step);
    }
  }

  /** The recorded micro-batches, an accumulation window a step. */
  private static final class Replay implements Source<TokenExample> {
    private final JsonNode run;
    private int step;

    Replay(JsonNode run) {
      this.run = run;
    }

    @Override
    public List<TokenExample> next() {
      int accumulation = run.get("accumulation").intValue();
      List<TokenExample> out = new ArrayList<>();
      for (int m = 0; m < accumulation; m++) {
        JsonNode inputs = run.get("micro_batches").get(step * accumulation + m).get("inputs");
        for (int row = 0; row < inputs.get("input_ids").size(); row++) {
          out.add(example(inputs, row));
        }
      }
      step++;
      return out;
    }

    private static TokenExample example(JsonNode inputs, int row) {
      JsonNode ids = inputs.get("input_ids").get(row);
      JsonNode mask = inputs.get("attention_mask").get(row);
      JsonNode labels = inputs.get("labels").get(row);
      int n = 0;
      for (JsonNode m : mask) {
        n += m.intValue();
      }
      int[] tokens = new int[n];
      float[] weights = new float[n];
      for (int t = 0; t < n; t++) {
        tokens[t] = ids.get(t).intValue();
        weights[t] = labels.get(t).intValue() == -100 ? 0 : 1;
      }
      return new TokenExample(Arrays.copyOf(tokens, n), weights, Origin.memory("TRL"));
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

  private static JsonNode golden() throws IOException {
    try (InputStream in = new GZIPInputStream(resource("traj_sft.json.gz"))) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(
        SftTrajectoryTest.class.getResourceAsStream("/golden/alignment/" + name), name);
  }
}
