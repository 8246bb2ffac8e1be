///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DEPS dev.temper:temper-sft:0.1.0-SNAPSHOT
//DEPS ai.djl.pytorch:pytorch-native-cpu:2.7.1:linux-x86_64
package dev.temper.examples;

import dev.temper.generate.Completion;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.LocalGenerator;
import dev.temper.generate.Sampling;
import dev.temper.generate.TokenListener;
import dev.temper.model.CausalLm;
import dev.temper.text.AddSpecialTokens;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** Generates a text and shows it as it comes. */
public final class Generate {
  private Generate() {}

  /** Tells a story. */
  public static void main(String[] args) {
    Completion story =
        run(Path.of("examples/models/stories260K"), "Once upon a time", System.out::print);
    System.out.println("\n(" + story.ids().length + " tokens, " + story.finishReason() + ")");
  }

  static Completion run(Path base, String prompt, Consumer<String> show) {
    try (CausalLm model = CausalLm.load(base)) {
      int[] ids = model.tokenizer().ids(prompt, AddSpecialTokens.YES);
      GenerationOptions options =
          GenerationOptions.maxNewTokens(64).sampling(Sampling.temperature(0.8).topP(0.95).seed(7));
      // A listener that returns false ends its completion: that is how to cancel.
      return new LocalGenerator(model)
          .generate(List.of(ids), options, TokenListener.text(show))
          .get(0);
    }
  }
}
