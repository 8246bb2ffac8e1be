package dev.temper.cli;

import dev.temper.UserException;
import dev.temper.tensor.Shutdown;
import java.io.PrintWriter;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;

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
      GenerateCommand.class,
      ScoreCommand.class,
      ConvertCommand.class,
      InspectCommand.class,
      DoctorCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Temper {
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
  public static int run(String... arguments) {
    boolean debug = Arrays.asList(arguments).contains("--debug");
    CommandLine line = new CommandLine(new Temper());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.getSubcommands().values().forEach(c -> c.setDefaultValueProvider(new ConfigFile()));
    line.setParameterExceptionHandler(
        (e, args) -> {
          PrintWriter err = e.getCommandLine().getErr();
          err.println("error: " + e.getMessage());
          err.println("Try 'temper " + name(e.getCommandLine()) + "--help'.");
          return 2;
        });
    line.setExecutionExceptionHandler((e, command, parsed) -> report(e, command.getErr(), debug));
    return line.execute(arguments);
  }

  private static String name(CommandLine line) {
    return line.getParent() == null ? "" : line.getCommandName() + " ";
  }

  private static int report(Exception e, PrintWriter err, boolean debug) {
    if (debug) {
      e.printStackTrace(err);
    } else if (e instanceof UserException || e instanceof IllegalArgumentException) {
      err.println("error: " + e.getMessage());
    } else {
      err.println(
          "error: " + e + " (a bug in temper: please report it with the output of --debug)");
    }
    return 1;
  }
}
