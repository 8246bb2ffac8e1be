package dev.temper.cli;

import dev.temper.UserException;
import dev.temper.checkpoint.Names;
import dev.temper.tensor.Shutdown;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * {@code temper}: post-training of language models on the JVM. Exits 0, 1 (failed) or 2 (usage).
 */
@Command(
    name = "temper",
    description = "Post-training of language models on the JVM.",
    mixinStandardHelpOptions = true,
    versionProvider = Temper.Version.class,
    subcommands = {
      SftCommand.class,
      DpoCommand.class,
      KtoCommand.class,
      GenerateCommand.class,
      ScoreCommand.class,
      ConvertCommand.class,
      InspectCommand.class,
      DoctorCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Temper {
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  private Temper() {}

  /** Version of the jar. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Temper.class.getPackage().getImplementationVersion();
      return new String[] {"temper " + (version == null ? "development" : version)};
    }
  }

  /** Runs a command and ends the process with its status. */
  public static void main(String[] arguments) {
    int[] status = new int[1];
    // A signal waits for what is running to finish and save; the JVM then exits with 130 or 143 by
    // itself.
    Shutdown.guard(() -> status[0] = run(arguments));
    if (!Shutdown.requested()) {
      System.exit(status[0]);
    }
  }

  /** Runs a command; what {@code main} would exit with. */
  @SuppressWarnings("DefaultCharset") // the charset of the terminal is the right one
  public static int run(String... arguments) {
    return run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), arguments);
  }

  /** Runs a command that writes here. */
  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    boolean debug = Arrays.asList(arguments).contains("--debug");
    CommandLine line = new CommandLine(new Temper());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setOut(out);
    line.setErr(err);
    line.getSubcommands().values().forEach(c -> c.setDefaultValueProvider(new ConfigFile()));
    line.setParameterExceptionHandler((e, args) -> usage(e, err));
    line.setExecutionExceptionHandler((e, command, parsed) -> report(e, err, debug));
    try {
      return line.execute(arguments);
    } catch (OutOfMemoryError e) {
      err.println(
          "error: out of memory: Java's heap is "
              + (Runtime.getRuntime().maxMemory() >> 20)
              + " MiB; give it more with TEMPER_JAVA_OPTS=-Xmx8g");
      return FAILED;
    } finally {
      out.flush();
      err.flush();
    }
  }

  private static int usage(ParameterException e, PrintWriter err) {
    CommandLine line = e.getCommandLine();
    String message = String.valueOf(e.getMessage());
    if (line.getDefaultValueProvider() instanceof ConfigFile config) {
      message = config.locate(e, message);
    }
    if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
      message += Names.hint(unmatched.getUnmatched().get(0), known(line));
    }
    err.println("error: " + message);
    err.println(
        "Try 'temper "
            + (line.getParent() == null ? "" : line.getCommandName() + " ")
            + "--help'.");
    return USAGE;
  }

  private static List<String> known(CommandLine line) {
    List<String> names = new ArrayList<>(line.getSubcommands().keySet());
    line.getCommandSpec().options().forEach(o -> names.addAll(Arrays.asList(o.names())));
    return names;
  }

  private static int report(Exception e, PrintWriter err, boolean debug) {
    if (debug) {
      e.printStackTrace(err);
    } else if (e instanceof UserException
        || e instanceof IllegalArgumentException
        || e instanceof UncheckedIOException) {
      err.println("error: " + e.getMessage());
    } else {
      err.println(
          "error: " + e + " (a bug in temper: please report it with the output of --debug)");
    }
    return FAILED;
  }
}
