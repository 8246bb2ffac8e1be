package dev.temper.cli;

import com.sun.management.OperatingSystemMXBean;
import dev.temper.UserException;
import dev.temper.tensor.EngineInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code temper doctor}: what the engine, the natives and the machine are, and what is missing. */
@Command(name = "doctor", description = "Checks the engine, its native libraries and this machine.")
final class DoctorCommand implements Callable<Integer> {
  private static final double GIB = 1L << 30;

  @Mixin final Common common = new Common();
  @Spec @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = Given.of(spec, "spec").commandLine().getOut();
    Runtime runtime = Runtime.getRuntime();
    say(out, "java", "%s (%s)", Runtime.version(), System.getProperty("java.vendor"));
    say(
        out,
        "system",
        "%s %s, %d processors",
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        runtime.availableProcessors());
    say(out, "memory", "%s", memory());
    say(
        out,
        "heap",
        "%.1f GiB at most (TEMPER_JAVA_OPTS=-Xmx8g for more; tensors live outside it)",
        runtime.maxMemory() / GIB);
    say(out, "disk", "%s", disk(Path.of("").toAbsolutePath()));
    return engine(out) ? 0 : 1;
  }

  private static boolean engine(PrintWriter out) {
    EngineInfo engine;
    try {
      engine = EngineInfo.load();
    } catch (UserException e) {
      say(out, "engine", "MISSING: %s", String.valueOf(e.getMessage()));
      return false;
    }
    say(
        out,
        "engine",
        "%s %s by DJL %s on %s, %d threads",
        engine.name(),
        engine.version(),
        engine.djlVersion(),
        engine.device(),
        engine.threads());
    say(out, "natives", "%s", engine.natives());
    say(
        out,
        "fbgemm",
        "%s",
        engine.packedWeights()
            ? "packed half-precision weights work"
            : "not available on this processor or in this build: weights stay in float32");
    say(
        out,
        "check",
        "%s",
        engine.works() ? "a small product is right" : "a small product is WRONG");
    return engine.works();
  }

  private static String memory() {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      return String.format(
          Locale.ROOT,
          "%.1f GiB, %.1f GiB free",
          system.getTotalMemorySize() / GIB,
          system.getFreeMemorySize() / GIB);
    }
    return "unknown to this Java";
  }

  private static String disk(Path directory) {
    try {
      return String.format(
          Locale.ROOT,
          "%.1f GiB free in %s",
          Files.getFileStore(directory).getUsableSpace() / GIB,
          directory);
    } catch (IOException e) {
      return "unknown in " + directory + ": " + e.getMessage();
    }
  }

  private static void say(PrintWriter out, String what, String format, Object... values) {
    out.printf("%-12s%s%n", what, String.format(Locale.ROOT, format, values));
  }
}
