package dev.temper.cli;

import dev.temper.efficiency.peft.Adapter;
import dev.temper.efficiency.peft.Lora;
import dev.temper.efficiency.peft.Targets;
import dev.temper.model.CausalLm;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whether an adapter is trained instead of the weights, and which. */
final class AdapterOptions {
  /** What is trained. */
  enum Peft {
    NONE,
    LORA
  }

  private static final String ALL_LINEAR = "all-linear";

  @Option(names = "--peft", defaultValue = "NONE", description = "${COMPLETION-CANDIDATES}")
  Peft peft = Peft.NONE;

  @Option(names = "--lora-rank", defaultValue = "8", description = "r")
  int rank = 8;

  @Option(names = "--lora-alpha", defaultValue = "16", description = "scaling is alpha / r")
  double alpha = 16;

  @Option(names = "--lora-dropout", defaultValue = "0", description = "Dropout before A")
  double dropout;

  @Option(names = "--lora-rslora", fallbackValue = "true", description = "Scale by alpha / sqrt(r)")
  boolean rankStabilized;

  @Option(
      names = "--targets",
      split = ",",
      defaultValue = ALL_LINEAR,
      description = "all-linear, or suffixes such as q_proj,v_proj")
  List<String> targets = List.of(ALL_LINEAR);

  /** A new adapter on the model; null if all weights are trained. */
  @Nullable Adapter attach(CausalLm model, long seed) {
    return switch (peft) {
      case NONE -> null;
      case LORA -> lora(seed).attach(model);
    };
  }

  private Lora lora(long seed) {
    Targets chosen =
        targets.equals(List.of(ALL_LINEAR))
            ? Targets.allLinear()
            : Targets.suffixes(targets.toArray(String[]::new));
    Lora lora = Lora.rank(rank).alpha(alpha).dropout(dropout).targets(chosen).seed(seed);
    return rankStabilized ? lora.rankStabilized() : lora;
  }
}
