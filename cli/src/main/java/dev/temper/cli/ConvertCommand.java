package dev.temper.cli;

import dev.temper.checkpoint.gguf.GgufWriter;
import dev.temper.convert.ConvertType;
import dev.temper.convert.ModelConverter;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code temper convert}: between Hugging Face directories and GGUF files, element types and shard
 * sizes.
 */
@Command(
    name = "convert",
    description =
        "Converts a model between a Hugging Face directory and a GGUF file, or to another element type or shard size.")
final class ConvertCommand implements Callable<Integer> {
  @Mixin final Common common = new Common();
  @Spec @Nullable CommandSpec spec;

  @Parameters(index = "0", paramLabel = "IN", description = "Model directory, or a GGUF file")
  @Nullable Path in;

  @Parameters(
      index = "1",
      paramLabel = "OUT",
      description = "A GGUF file if the name ends in .gguf, else a directory")
  @Nullable Path out;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description =
          "Type of the matrices: float32, float16, bfloat16; q8_0, q4_0 for GGUF files (as it is, if not given; what GGUF files hold quantized becomes float32 in a directory)")
  @Nullable ConvertType dtype;

  @Option(
      names = "--max-shard-size",
      paramLabel = "SIZE",
      defaultValue = "5GB",
      description = "Largest safetensors file, such as 500MB or 5GB (default: ${DEFAULT-VALUE})")
  String maxShardSize = "5GB";

  @Override
  public Integer call() {
    PrintWriter console = Given.of(spec, "spec").commandLine().getOut();
    Path from = Given.of(in, "IN");
    Path to = Given.of(out, "OUT");
    long shardBytes = bytes(maxShardSize);
    try (ConvertProgress progress = new ConvertProgress(console)) {
      new ModelConverter(dtype, shardBytes, progress).convert(from, to);
    }
    console.println("wrote " + to);
    console.flush();
    return 0;
  }

  /** Sizes count in thousands, as Hugging Face's do. */
  private long bytes(String size) {
    String text = size.strip().toUpperCase(Locale.ROOT);
    long unit =
        text.endsWith("GB")
            ? 1_000_000_000L
            : text.endsWith("MB") ? 1_000_000L : text.endsWith("KB") ? 1_000L : 1;
    String number = (unit == 1 ? text : text.substring(0, text.length() - 2)).strip();
    if (number.matches("\\d{1,9}") && Long.parseLong(number) > 0) {
      return Long.parseLong(number) * unit;
    }
    throw new ParameterException(
        Given.of(spec, "spec").commandLine(),
        "--max-shard-size is '" + size + "'; it must be a whole number with KB, MB or GB");
  }

  /** A bar on a terminal, some lines elsewhere. */
  private static final class ConvertProgress implements GgufWriter.Progress, AutoCloseable {
    private static final int LINES = 10;

    private final PrintWriter out;
    private final boolean terminal = Progress.isTerminal();
    private @Nullable ProgressBar bar;
    private int shown;

    ConvertProgress(PrintWriter out) {
      this.out = out;
    }

    @Override
    public void onTensor(int done, int total, String name) {
      if (terminal) {
        if (bar == null) {
          bar =
              new ProgressBarBuilder()
                  .setTaskName("convert")
                  .setInitialMax(total)
                  .setUpdateIntervalMillis(200)
                  .build();
        }
        bar.stepTo(done);
        bar.setExtraMessage(name);
      } else if (done * LINES / total > shown) {
        shown = done * LINES / total;
        out.println("tensor " + done + "/" + total + "  " + name);
        out.flush();
      }
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
      }
    }
  }
}
