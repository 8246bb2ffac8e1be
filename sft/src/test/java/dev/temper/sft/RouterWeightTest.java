package dev.temper.sft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.temper.UserException;
import dev.temper.data.Origin;
import dev.temper.data.TokenExample;
import dev.temper.model.CausalLm;
import dev.temper.model.Golden;
import dev.temper.train.Evaluation;
import dev.temper.train.TrainingLoop;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The auxiliary loss of mixtures of experts in supervised fine-tuning. */
class RouterWeightTest {
  private static final List<TokenExample> EXAMPLES =
      List.of(
          TokenExample.allTrained(new int[] {5, 9, 17, 4, 30, 8}, Origin.memory("a")),
          TokenExample.allTrained(new int[] {7, 3, 22, 41}, Origin.memory("b")),
          TokenExample.allTrained(new int[] {12, 60, 33, 5, 6, 7, 8}, Origin.memory("c")));

  @Test
  void adds_the_weighted_router_loss_however_a_step_is_cut() {
    try (CausalLm model = CausalLm.load(Golden.model("mixtral"))) {
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
  void dense_models_have_nothing_to_balance() {
    try (CausalLm model = CausalLm.load(Golden.model("llama2"))) {
      assertThatThrownBy(() -> evaluate(model, 0.1, 1000))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("no mixture of experts");
    }
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
