package dev.temper.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Golden files of the test resources. */
public final class Golden {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<String, Path> COPIES = new ConcurrentHashMap<>();

  private Golden() {}

  /** The directory of a golden model; a copy where the resources come in a jar. */
  public static Path model(String name) {
    String folder = "/golden/models/" + name;
    try {
      URI uri =
          Objects.requireNonNull(Golden.class.getResource(folder + "/config.json"), folder).toURI();
      return uri.getScheme().equals("jar")
          ? COPIES.computeIfAbsent(name, n -> copy(uri, folder))
          : Objects.requireNonNull(Path.of(uri).getParent());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path copy(URI inJar, String folder) {
    try (FileSystem jar = FileSystems.newFileSystem(inJar, Map.of());
        Stream<Path> files = Files.list(jar.getPath(folder))) {
      Path directory = Files.createTempDirectory("golden");
      directory.toFile().deleteOnExit();
      for (Path file : files.toList()) {
        Path to = directory.resolve(String.valueOf(file.getFileName()));
        Files.copy(file, to);
        to.toFile().deleteOnExit();
      }
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A gzipped JSON file. */
  public static JsonNode json(Path file) {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      return JSON.readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Numbers of a JSON array. */
  public static int[] ints(JsonNode array) {
    int[] out = new int[array.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = array.get(i).intValue();
    }
    return out;
  }

  /** Numbers of a JSON array. */
  public static double[] doubles(JsonNode array) {
    double[] out = new double[array.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = array.get(i).doubleValue();
    }
    return out;
  }
}
