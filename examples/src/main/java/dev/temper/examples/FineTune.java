///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DEPS dev.temper:temper-sft:0.1.0-SNAPSHOT
//DEPS dev.temper:temper-efficiency:0.1.0-SNAPSHOT
//DEPS ai.djl.pytorch:pytorch-native-cpu:2.7.1:linux-x86_64
package dev.temper.examples;

import dev.temper.efficiency.peft.Adapter;
import dev.temper.efficiency.peft.Lora;
import dev.temper.efficiency.peft.Targets;
import dev.temper.model.CausalLm;
import dev.temper.sft.SftTrainer;
import dev.temper.train.AdamW;
import dev.temper.train.Schedule;
import dev.temper.train.TrainingReport;
import java.nio.file.Path;

/** Fine-tunes a model by LoRA and saves the adapter and the merged model. */
public final class FineTune {
  private FineTune() {}

  /** Trains a story teller on Shakespeare. */
  public static void main(String[] args) {
    TrainingReport report =
        run(
            Path.of("examples/models/stories260K"),
            Path.of("examples/data/shakespeare-train.jsonl"),
            Path.of("runs/fine-tune"));
    System.out.println(report.steps() + " steps, last loss " + report.metrics().get("loss"));
  }

  static TrainingReport run(Path base, Path data, Path out) {
    try (CausalLm model = CausalLm.load(base);
        Adapter adapter = Lora.rank(16).alpha(32).targets(Targets.allLinear()).attach(model)) {
      TrainingReport report =
          SftTrainer.of(model)
              .train(adapter)
              .data(data)
              .optimizer(AdamW.learningRate(5e-3))
              .schedule(Schedule.cosine().warmup(0.1))
              .steps(10)
              .batchSize(4)
              .run();
      adapter.save(out.resolve("adapter"));
      adapter.merge();
      model.save(out.resolve("merged"));
      return report;
    }
  }
}
