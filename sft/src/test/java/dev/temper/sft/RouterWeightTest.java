package dev.temper.sft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.temper.UserException;
import dev.temper.data.Origin;
import dev.temper.data.TokenExample;
import dev.temper.model.CausalLm;
import dev.temper.train.Evaluation;
import dev.temper.train.TrainingLoop;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The auxiliary loss of mixtures of experts in supervised fine-tuning. */
class RouterWeightTest {
  private static final List<TokenExample> EXAMPLES =
      List.of(
          TokenExample.allTrained(new int[] {5, 9, 17, 4, 30, 8}, Origin.memory("a")),
          TokenExample.allTrained(new int[] {7, 3, 22, 41}, Origin.memory("b")),
          TokenExample.allTrained(new int[] {12, 60, 33, 5, 6, 7, 8}, Origin.memory("c")));

  @TempDir Path directory;

  @Test
  void adds_the_weighted_router_loss_however_a_step_is_cut() throws IOException {
    try (CausalLm model = CausalLm.load(golden("mixtral"))) {
      double plain = evaluate(model, 0, 1000).loss();
      Evaluation whole = evaluate(model, 0.1, 1000);
      double auxiliary = auxiliary(whole);
      assertThat(auxiliary)
          .isBetween(2.0, 4.0); // two experts a token: 2 if equally busy, 4 at most
      assertThat(whole.loss()).isCloseTo(plain + 0.1 * auxiliary, within(1e-5));
      Evaluation cut = evaluate(model, 0.1, 8);
      assertThat(cut.loss()).isCloseTo(whole.loss(), within(1e-5));
      assertThat(auxiliary(cut)).isCloseTo(auxiliary, within(1e-5));
    }
  }

  @Test
  void dense_models_have_nothing_to_balance() throws IOException {
    try (CausalLm model = CausalLm.load(golden("llama2"))) {
      assertThatThrownBy(() -> evaluate(model, 0.1, 1000))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("no mixture of experts");
    }
  }

  /** A tiny model out of core's test resources, which come in a jar. */
  private Path golden(String name) throws IOException {
    for (String file : List.of("config.json", "model.safetensors")) {
      try (InputStream in =
          Objects.requireNonNull(
              RouterWeightTest.class.getResourceAsStream("/golden/models/" + name + "/" + file))) {
        Files.write(directory.resolve(file), in.readAllBytes());
      }
    }
    return directory;
  }

  private static double auxiliary(Evaluation evaluation) {
    return Objects.requireNonNull(evaluation.metrics().get("aux_loss"));
  }

  private static Evaluation evaluate(CausalLm model, double weight, int tokenBudget) {
    return TrainingLoop.evaluate(
        new SftObjective(model, SftLosses.nll(), SftObjective.Noise.none(), weight),
        EXAMPLES,
        tokenBudget);
  }
}
