///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DEPS dev.temper:temper-sft:0.1.0-SNAPSHOT
//DEPS ai.djl.pytorch:pytorch-native-cpu:2.7.1:linux-x86_64
package dev.temper.examples;

import dev.temper.data.Rows;
import dev.temper.data.SftRow;
import dev.temper.data.TokenExample;
import dev.temper.generate.LocalGenerator;
import dev.temper.model.CausalLm;
import dev.temper.sft.SftEncoder;
import dev.temper.text.TrainOn;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** How surprising a model finds every row of a file: its perplexity, row by row. */
public final class ScoreFile {
  private ScoreFile() {}

  /** Prints the perplexity of the first rows. */
  public static void main(String[] args) {
    List<Double> perplexities =
        run(
            Path.of("examples/models/stories260K"),
            Path.of("examples/data/shakespeare-eval.jsonl"));
    perplexities.stream().limit(5).forEach(p -> System.out.printf("%.2f%n", p));
  }

  static List<Double> run(Path base, Path data) {
    try (CausalLm model = CausalLm.load(base)) {
      // The same encoder as in training: texts, prompt and completion, chats.
      SftEncoder encoder = new SftEncoder(model.tokenizer(), TrainOn.assistant(), true);
      return Rows.load(data).stream()
          .map(row -> encoder.encode(SftRow.parse(row)))
          .map(example -> perplexity(model, example))
          .toList();
    }
  }

  /** exp of the mean negative log-probability of the trained tokens. */
  private static double perplexity(CausalLm model, TokenExample example) {
    float[] logProbs = LocalGenerator.score(model, List.of(example.ids())).get(0);
    double mean =
        IntStream.range(1, example.length())
            .filter(t -> example.weights()[t] > 0)
            .mapToDouble(t -> logProbs[t - 1])
            .average()
            .orElse(0);
    return Math.exp(-mean);
  }
}
