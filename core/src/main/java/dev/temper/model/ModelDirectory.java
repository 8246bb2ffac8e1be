package dev.temper.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.checkpoint.ConfigJson;
import dev.temper.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What lies beside the weights: config.json, the tokenizer, generation_config.json. The tokenizer
 * is loaded when first asked for.
 */
final class ModelDirectory implements AutoCloseable {
  private static final List<String> COPIED = List.of("generation_config.json");

  private final Path path;
  private final ObjectNode config;
  private @Nullable Tokenizer tokenizer;

  private ModelDirectory(Path path, ObjectNode config) {
    this.path = path;
    this.config = config;
  }

  static ModelDirectory open(Path dir) {
    AtomicFiles.recover(dir);
    return new ModelDirectory(dir, ConfigJson.read(dir));
  }

  Path path() {
    return path;
  }

  ObjectNode config() {
    return config;
  }

  boolean hasTokenizer() {
    return Files.isRegularFile(path.resolve("tokenizer.json"));
  }

  synchronized Tokenizer tokenizer() {
    if (tokenizer == null) {
      tokenizer = Tokenizer.load(path);
    }
    return tokenizer;
  }

  /** Writes everything but the weights into {@code dir}. */
  void saveAround(Path dir, SaveType type) {
    try {
      Files.createDirectories(dir);
      ObjectNode out = config.deepCopy();
      for (String key : List.of("dtype", "torch_dtype")) {
        if (out.has(key)) {
          out.put(key, type.configName());
        }
      }
      ConfigJson.write(dir, out);
      for (String name : COPIED) {
        if (Files.exists(path.resolve(name)) && !dir.toRealPath().equals(path.toRealPath())) {
          Files.copy(path.resolve(name), dir.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
      }
      if (hasTokenizer()) {
        tokenizer().save(dir);
      }
    } catch (IOException e) {
      throw new UserException(dir + ": cannot be written: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    if (tokenizer != null) {
      tokenizer.close();
    }
  }
}
