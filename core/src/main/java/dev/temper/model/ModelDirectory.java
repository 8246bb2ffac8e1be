package dev.temper.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * What lies beside the weights: config.json, the tokenizer, generation_config.json. The tokenizer
 * is loaded when first asked for.
 */
final class ModelDirectory implements AutoCloseable {
  private static final long MAX_CONFIG_BYTES = 10_000_000;
  private static final List<String> COPIED = List.of("generation_config.json");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path path;
  private final ObjectNode config;
  private @Nullable CompletableFuture<Tokenizer> tokenizer;

  private ModelDirectory(Path path, ObjectNode config) {
    this.path = path;
    this.config = config;
  }

  static ModelDirectory open(Path dir) {
    Path file = dir.resolve("config.json");
    if (!Files.isDirectory(dir)) {
      throw new UserException(dir + ": no such model directory");
    }
    if (!Files.isRegularFile(file)) {
      throw new UserException(
          file
              + ": missing; a model directory holds config.json, safetensors weights and tokenizer.json");
    }
    try {
      if (Files.size(file) > MAX_CONFIG_BYTES) {
        throw new UserException(
            file + ": larger than " + MAX_CONFIG_BYTES + " bytes, which no config is");
      }
      JsonNode root = JSON.readTree(file.toFile());
      if (!(root instanceof ObjectNode object)) {
        throw new UserException(file + ": must be a JSON object");
      }
      return new ModelDirectory(dir, object);
    } catch (JsonProcessingException e) {
      throw new UserException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UserException(file + ": cannot be read: " + e.getMessage(), e);
    }
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

  /**
   * Starts to read the tokenizer on another thread, if there is one: it takes about as long as the
   * engine takes to start.
   */
  synchronized void startTokenizer() {
    if (tokenizer == null && hasTokenizer()) {
      tokenizer = CompletableFuture.supplyAsync(() -> Tokenizer.load(path));
    }
  }

  /** The tokenizer, once it is read. */
  synchronized Tokenizer tokenizer() {
    if (tokenizer == null) {
      tokenizer = CompletableFuture.completedFuture(Tokenizer.load(path));
    }
    try {
      return tokenizer.join();
    } catch (CompletionException e) {
      tokenizer = null;
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
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
      AtomicFiles.write(dir.resolve("config.json"), out.toPrettyString() + "\n");
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
  public synchronized void close() {
    if (tokenizer != null) {
      // Waits for a tokenizer still being read; one that could not be read needs no closing.
      tokenizer
          .handle(
              (read, failure) -> {
                if (read != null) {
                  read.close();
                }
                return true;
              })
          .join();
    }
  }
}
