package dev.temper.benchmarks;

import dev.temper.model.CausalLm;
import dev.temper.tensor.EngineInfo;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Seconds to start the engine, then to load a model and its tokenizer, twice; prints one JSON line.
 *
 * <pre>LoadBenchmark MODEL</pre>
 */
public final class LoadBenchmark {
  private LoadBenchmark() {}

  /** Runs it. */
  @SuppressWarnings("SystemOut")
  public static void main(String[] args) {
    long begun = System.nanoTime();
    EngineInfo.load();
    double engine = (System.nanoTime() - begun) / 1e9;
    double first = load(Path.of(args[0]));
    double second = load(Path.of(args[0]));
    System.out.printf(
        Locale.ROOT,
        "{\"engine_s\": %.3f, \"load_s\": %.3f, \"again_s\": %.3f}%n",
        engine,
        first,
        second);
  }

  private static double load(Path dir) {
    long begun = System.nanoTime();
    try (CausalLm model = CausalLm.load(dir)) {
      if (model.hasTokenizer()) {
        model.tokenizer();
      }
      return (System.nanoTime() - begun) / 1e9;
    }
  }
}
