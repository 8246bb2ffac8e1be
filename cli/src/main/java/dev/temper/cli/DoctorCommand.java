package dev.temper.cli;

import dev.temper.UserException;
import dev.temper.tensor.EngineInfo;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code temper doctor}: what the engine, the natives and the machine are, and what is missing. */
@Command(name = "doctor", description = "Checks the engine, its native libraries and this machine.")
final class DoctorCommand implements Callable<Integer> {
  @Mixin final Common common = new Common();
  @Spec @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = Given.of(spec, "spec").commandLine().getOut();
    Runtime runtime = Runtime.getRuntime();
    out.println(
        "java        " + Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
    out.println(
        "system      "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.arch")
            + ", "
            + runtime.availableProcessors()
            + " processors");
    out.println("heap        " + runtime.maxMemory() / (1 << 20) + " MiB at most");
    try {
      EngineInfo engine = EngineInfo.load();
      out.println(
          "engine      "
              + engine.name()
              + " "
              + engine.version()
              + " on "
              + engine.device()
              + ", "
              + engine.threads()
              + " threads");
      out.println(
          "check       "
              + (engine.works() ? "a small product is right" : "a small product is WRONG"));
      return engine.works() ? 0 : 1;
    } catch (UserException e) {
      out.println("engine      MISSING: " + e.getMessage());
      return 1;
    }
  }
}
