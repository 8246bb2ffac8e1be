///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DEPS dev.temper:temper-sft:0.1.0-SNAPSHOT
//DEPS dev.temper:temper-efficiency:0.1.0-SNAPSHOT
//DEPS ai.djl.pytorch:pytorch-native-cpu:2.7.1:linux-x86_64
package dev.temper.examples;

import dev.temper.efficiency.peft.Adapter;
import dev.temper.efficiency.peft.Adapters;
import dev.temper.efficiency.peft.Lora;
import dev.temper.efficiency.peft.Targets;
import dev.temper.model.CausalLm;
import dev.temper.model.SaveType;
import dev.temper.sft.SftTrainer;
import dev.temper.train.AdamW;
import java.nio.file.Path;

/** Trains an adapter, loads it again as a user would, merges it and saves the model. */
public final class LoraMergeAndSave {
  private LoraMergeAndSave() {}

  /** Writes the adapter and the merged model. */
  public static void main(String[] args) {
    Path merged =
        run(
            Path.of("examples/models/stories260K"),
            Path.of("examples/data/shakespeare-train.jsonl"),
            Path.of("runs/lora"));
    System.out.println("merged model in " + merged);
  }

  static Path run(Path base, Path data, Path out) {
    Path saved = out.resolve("adapter");
    try (CausalLm model = CausalLm.load(base);
        Adapter adapter = Lora.rank(8).alpha(16).targets(Targets.allLinear()).attach(model)) {
      SftTrainer.of(model)
          .train(adapter)
          .data(data)
          .optimizer(AdamW.learningRate(2e-3))
          .steps(3)
          .batchSize(4)
          .run();
      adapter.save(saved); // PEFT's files: PEFT and vLLM load them
    }
    Path merged = out.resolve("merged");
    try (CausalLm model = CausalLm.load(base);
        Adapter adapter = Adapters.load(model, saved)) {
      adapter.merge();
      model.save(merged, SaveType.BF16); // transformers and vLLM load it
    }
    return merged;
  }
}
