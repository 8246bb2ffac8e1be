///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DEPS dev.temper:temper-sft:0.1.0-SNAPSHOT
//DEPS dev.temper:temper-efficiency:0.1.0-SNAPSHOT
//DEPS ai.djl.pytorch:pytorch-native-cpu:2.7.1:linux-x86_64
package dev.temper.examples;

import dev.temper.efficiency.peft.Adapter;
import dev.temper.efficiency.peft.Lora;
import dev.temper.model.CausalLm;
import dev.temper.sft.SftTrainer;
import dev.temper.train.AdamW;
import dev.temper.train.Schedule;
import dev.temper.train.TrainingReport;
import java.nio.file.Path;

/**
 * Trains in two sittings. The second goes on where the first ended, with the optimizer's state and
 * the order of the data: bit for bit what one long run would have given.
 */
public final class ResumeTraining {
  private ResumeTraining() {}

  /** Trains four steps, then four more. */
  public static void main(String[] args) {
    TrainingReport report =
        run(
            Path.of("examples/models/stories260K"),
            Path.of("examples/data/shakespeare-train.jsonl"),
            Path.of("runs/resume"));
    System.out.println(report.steps() + " steps, last loss " + report.metrics().get("loss"));
  }

  static TrainingReport run(Path base, Path data, Path out) {
    train(base, data, out, 4, false);
    return train(base, data, out, 8, true);
  }

  static TrainingReport train(Path base, Path data, Path out, long steps, boolean resume) {
    try (CausalLm model = CausalLm.load(base);
        Adapter adapter = Lora.rank(4).seed(1).attach(model)) {
      return SftTrainer.of(model)
          .train(adapter)
          .data(data)
          .optimizer(AdamW.learningRate(1e-3))
          .schedule(Schedule.constant()) // a decay would depend on the number of steps
          .steps(steps)
          .batchSize(4)
          .saveEvery(2)
          .output(out)
          .resume(resume)
          .run();
    }
  }
}
