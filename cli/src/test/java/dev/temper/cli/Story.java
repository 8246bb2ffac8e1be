package dev.temper.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The shipped model of 260,000 parameters, and copies of it to damage. */
final class Story {
  static final ObjectMapper JSON = new ObjectMapper();
  static final Path MODEL = root().resolve("examples/models/stories260K");

  private Story() {}

  /** The folder of the whole project. */
  static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(folder.resolve("examples/models"))) {
      folder = java.util.Objects.requireNonNull(folder.getParent(), "no examples/models above");
    }
    return folder;
  }

  /** A copy of the model in a new directory. */
  static Path copy(Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    }
    return to;
  }

  /** Changes a JSON file. */
  static void edit(Path file, Consumer<ObjectNode> change) throws IOException {
    ObjectNode json = (ObjectNode) JSON.readTree(file.toFile());
    change.accept(json);
    JSON.writeValue(file.toFile(), json);
  }

  /**
   * Every file below a directory, or the file itself, with its content; to see that nothing
   * changed.
   */
  static Map<String, String> contents(Path path) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    if (Files.exists(path)) {
      try (Stream<Path> files = Files.walk(path)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          byte[] bytes = Files.readAllBytes(file);
          contents.put(
              path.relativize(file).toString(),
              bytes.length + " bytes, hash " + java.util.Arrays.hashCode(bytes));
        }
      }
    }
    return contents;
  }
}
