package dev.temper.cli;

import dev.temper.UserException;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.Names;
import dev.temper.checkpoint.SafetensorsFile;
import dev.temper.checkpoint.TensorInfo;
import dev.temper.text.Tokenizer;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code temper inspect}: what is in a model or adapter directory, from headers alone, or in data
 * files; or which algorithms there are.
 */
@Command(
    name = "inspect",
    description =
        "Shows what is in a model or adapter directory or in data files, or lists the algorithms.")
final class InspectCommand implements Callable<Integer> {
  @Mixin final Common common = new Common();
  @Spec @Nullable CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "PATH",
      description =
          "Model or adapter directory; or data: a file (JSONL, JSON, CSV, TSV, Parquet), a folder, a pattern")
  @Nullable Path path;

  @Option(names = "--tensors", fallbackValue = "true", description = "List every tensor")
  boolean tensors;

  @Option(
      names = "--algorithms",
      fallbackValue = "true",
      description = "List the algorithms of the catalogue, and which class has each")
  boolean algorithms;

  @Option(
      names = "--family",
      paramLabel = "NAME",
      description = "With --algorithms: those of one family, such as peft-reparam")
  @Nullable String family;

  @Option(
      names = "--tokenizer",
      paramLabel = "DIR",
      description = "For data: count tokens and render the first row with this model's tokenizer")
  @Nullable Path tokenizer;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      description = "For data: read it by this format instead of recognising one")
  @Nullable String format;

  @Override
  public Integer call() {
    PrintWriter out = Given.of(spec, "spec").commandLine().getOut();
    if (algorithms == (path != null)) {
      throw new UserException("give either a path or --algorithms");
    }
    if (algorithms) {
      list(out);
    } else {
      inspect(Given.of(path, "PATH"), out);
    }
    return 0;
  }

  private void list(PrintWriter out) {
    List<Algorithm> all = Algorithm.all();
    TreeSet<String> families =
        all.stream().map(Algorithm::family).collect(Collectors.toCollection(TreeSet::new));
    if (family != null && !families.contains(family)) {
      throw new UserException(
          "--family "
              + family
              + ": no such family"
              + Names.hint(family, families)
              + " (families: "
              + String.join(", ", families)
              + ")");
    }
    List<Algorithm> shown =
        all.stream().filter(a -> family == null || a.family().equals(family)).toList();
    int idWidth = shown.stream().mapToInt(a -> a.id().length()).max().orElse(0);
    int familyWidth = shown.stream().mapToInt(a -> a.family().length()).max().orElse(0);
    String columns = "%-4s  %-" + idWidth + "s  %-" + familyWidth + "s  %s%n";
    for (Algorithm a : shown) {
      String type = a.type().map(t -> "  [" + t + "]").orElse("");
      out.printf(columns, a.type().isPresent() ? "done" : "-", a.id(), a.family(), a.name() + type);
    }
    long done = shown.stream().filter(a -> a.type().isPresent()).count();
    out.printf("%d of %d done%n", done, shown.size());
  }

  private void inspect(Path dir, PrintWriter out) {
    if (DataInspection.isData(dir)) {
      boolean colour = Ansi.AUTO.enabled();
      if (tokenizer == null) {
        new DataInspection(dir, out, null, format, colour).print();
      } else {
        try (Tokenizer loaded = Tokenizer.load(tokenizer)) {
          new DataInspection(dir, out, loaded, format, colour).print();
        }
      }
      return;
    }
    Path adapterFile = dir.resolve("adapter_model.safetensors");
    Map<String, TensorInfo> all = new TreeMap<>();
    if (Files.exists(adapterFile)) {
      out.println("adapter " + dir);
      SafetensorsFile file = SafetensorsFile.open(adapterFile);
      file.names().forEach(n -> all.put(n, file.info(n)));
    } else {
      out.println("model " + dir);
      Checkpoint checkpoint = Checkpoint.open(dir);
      checkpoint.names().forEach(n -> all.put(n, checkpoint.info(n)));
    }
    Map<String, long[]> byType = new TreeMap<>();
    for (TensorInfo t : all.values()) {
      long[] sums = byType.computeIfAbsent(t.type().name(), k -> new long[3]);
      sums[0]++;
      sums[1] += t.elements();
      sums[2] += t.bytes();
    }
    byType.forEach(
        (type, s) ->
            out.printf(
                Locale.ROOT,
                "  %-5s %5d tensors  %,15d elements  %,15d bytes%n",
                type,
                s[0],
                s[1],
                s[2]));
    if (tensors) {
      all.values().forEach(t -> out.println("  " + t.name() + "  " + t.type() + " " + t.shape()));
    }
  }
}
