package dev.temper.cli;

import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.SafetensorsFile;
import dev.temper.checkpoint.TensorInfo;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code temper inspect}: what is in a model or adapter directory, from headers alone. */
@Command(
    name = "inspect",
    description = "Shows what is in a model or adapter directory, or a safetensors file.")
final class InspectCommand implements Callable<Integer> {
  @Mixin final Common common = new Common();
  @Spec @Nullable CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "Model or adapter directory, or a safetensors file")
  @Nullable Path path;

  @Option(names = "--tensors", fallbackValue = "true", description = "List every tensor")
  boolean tensors;

  @Override
  public Integer call() {
    PrintWriter out = Given.of(spec, "spec").commandLine().getOut();
    Path dir = Given.of(path, "DIR");
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
    return 0;
  }
}
