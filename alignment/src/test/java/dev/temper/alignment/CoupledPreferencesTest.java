package dev.temper.alignment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.temper.alignment.loss.AotLoss;
import dev.temper.alignment.loss.AotUnpairedLoss;
import dev.temper.alignment.loss.ChosenNllLoss;
import dev.temper.alignment.loss.DpoLoss;
import dev.temper.data.Origin;
import dev.temper.model.CausalLm;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.train.Optimizer;
import dev.temper.train.Schedule;
import dev.temper.train.Source;
import dev.temper.train.Trainable;
import dev.temper.train.TrainingListener;
import dev.temper.train.TrainingLoop;
import dev.temper.train.TrainingSettings;
import dev.temper.train.metrics.MetricRow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cutting a step into micro-batches changes neither loss nor weights, coupled or not. */
class CoupledPreferencesTest {
  @TempDir Path temp;
  @TempDir Path other;

  static Stream<PreferenceLoss> losses() {
    return Stream.of(
        new DpoLoss(0.3),
        new AotLoss(0.3, 0.1),
        new AotUnpairedLoss(0.3, 0),
        new AotLoss(0.3, 0).plus(0.5, new ChosenNllLoss(ChosenNllLoss.Average.TOKEN)));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void micro_batches_change_nothing(PreferenceLoss loss) {
    Outcome whole = train(loss, 1_000_000);
    Outcome cut = train(loss, 30);
    for (int k = 0; k < whole.losses().size(); k++) {
      assertThat(cut.losses().get(k))
          .as("loss of step %d", k)
          .isCloseTo(whole.losses().get(k), within(2e-6));
    }
    for (int i = 0; i < whole.weights().size(); i++) {
      assertThat(cut.weights().get(i)).containsExactly(whole.weights().get(i), within(2e-5f));
    }
  }

  private record Outcome(List<Double> losses, List<float[]> weights) {}

  private Outcome train(PreferenceLoss loss, int tokenBudget) {
    List<Double> losses = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onMetrics(MetricRow row) {
            losses.add(row.values().get("loss"));
          }
        };
    try (CausalLm model = Trajectory.model(temp);
        CausalLm initial = Trajectory.model(other)) {
      model.trainAll();
      Optimizer.Settings optimizer = dev.temper.train.Sgd.learningRate(0.2);
      new TrainingLoop(
              new TrainingSettings(
                  4, tokenBudget, 0, Schedule.constant(), 0, 0, 0, 0, Optional.empty()),
              optimizer,
              List.of(listener))
          .run(
              Trainable.of(model.parameters()),
              new Pairs(),
              new PreferenceObjective(model, loss, Optional.of(Reference.model(initial))),
              List.of(),
              false);
      return new Outcome(losses, model.parameters().stream().map(Parameter::toFloats).toList());
    }
  }

  /** Six random pairs a step. */
  private static final class Pairs implements Source<PairExample> {
    private final Rng rng = Rng.of(5);
    private int drawn;

    @Override
    public List<PairExample> next() {
      List<PairExample> out = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        out.add(PairExample.of(ids(4), ids(3 + i % 4), ids(2 + i % 5), Origin.memory("random")));
      }
      return out;
    }

    private int[] ids(int n) {
      int[] out = new int[n];
      for (int t = 0; t < n; t++) {
        out[t] = 3 + (int) (rng.uniform(drawn++) * 36);
      }
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
      throw new IllegalStateException(state);
    }
  }
}
