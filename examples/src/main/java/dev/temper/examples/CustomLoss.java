///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DEPS dev.temper:temper-sft:0.1.0-SNAPSHOT
//DEPS ai.djl.pytorch:pytorch-native-cpu:2.7.1:linux-x86_64
package dev.temper.examples;

import dev.temper.model.CausalLm;
import dev.temper.sft.SftTrainer;
import dev.temper.tensor.Tensor;
import dev.temper.train.AdamW;
import dev.temper.train.Loss;
import dev.temper.train.LossOutput;
import dev.temper.train.TokenScores;
import dev.temper.train.TrainingReport;
import java.nio.file.Path;

/**
 * Trains with a loss of one's own, the focal loss: -(1 - p)^γ ln p.
 *
 * <p>A loss says what every trained token costs and how much it weighs; the loop averages over the
 * whole step and goes backward. Metrics are sums and counts, so that they are exact as well however
 * a step is cut.
 */
public final class CustomLoss {
  private CustomLoss() {}

  static Loss<TokenScores> focal(double gamma) {
    return in -> {
      Tensor p = in.logProbs().exp();
      Tensor values = p.neg().add(1).pow(gamma).mul(in.logProbs()).neg();
      double confident = p.sum().item();
      return LossOutput.weighted(values, in.weights(), LossOutput.Per.TOKEN)
          .metric("mean_probability", confident, in.targets().length);
    };
  }

  /** Trains a few steps and prints the loss and the metric. */
  public static void main(String[] args) {
    TrainingReport report =
        run(
            Path.of("examples/models/stories260K"),
            Path.of("examples/data/shakespeare-train.jsonl"));
    System.out.println("loss " + report.metrics().get("loss"));
    System.out.println("mean probability " + report.metrics().get("mean_probability"));
  }

  static TrainingReport run(Path base, Path data) {
    try (CausalLm model = CausalLm.load(base)) {
      return SftTrainer.of(model)
          .trainAll()
          .data(data)
          .loss(focal(2))
          .optimizer(AdamW.learningRate(1e-3))
          .steps(5)
          .batchSize(4)
          .run();
    }
  }
}
