package dev.temper.cli;

import dev.temper.generate.GenerationOptions;
import dev.temper.generate.LocalGenerator;
import dev.temper.generate.StopConditions;
import dev.temper.model.CausalLm;
import dev.temper.text.AddSpecialTokens;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a run shows when it is over. */
final class ReportOptions {
  private static final int TOKENS = 96;

  @Option(
      names = "--report",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "Write report.html with settings, curves and samples (default: yes)")
  boolean report = true;

  @Option(
      names = "--sample-prompt",
      paramLabel = "TEXT",
      description = "Continued before and after training")
  @Nullable String prompt;

  /** The likeliest continuation of the prompt; empty without a prompt. */
  String sample(CausalLm model) {
    if (prompt == null) {
      return "";
    }
    StopConditions stop =
        StopConditions.tokens(
            model.tokenizer().specialTokens().eos().map(t -> List.of(t.id())).orElse(List.of()));
    return new LocalGenerator(model)
        .generate(
            List.of(model.tokenizer().ids(prompt, AddSpecialTokens.YES)),
            GenerationOptions.maxNewTokens(TOKENS).stop(stop))
        .get(0)
        .text();
  }
}
