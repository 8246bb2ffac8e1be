package dev.temper.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.checkpoint.ConfigJson;
import dev.temper.checkpoint.gguf.GgufFile;
import dev.temper.checkpoint.gguf.GgufModel;
import dev.temper.text.GgufVocabulary;
import dev.temper.text.NewToken;
import dev.temper.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * What lies beside the weights: config.json, the tokenizer, generation_config.json. The tokenizer
 * is loaded when first asked for.
 */
final class ModelDirectory implements AutoCloseable {
  private static final List<String> COPIED = List.of("generation_config.json");

  private final Path path;
  private final ObjectNode config;
  private @Nullable CompletableFuture<Tokenizer> tokenizer;

  /** Tokenizer files that a GGUF file holds; empty for a directory. */
  private final Map<String, byte[]> vocabulary;

  private ModelDirectory(Path path, ObjectNode config, Map<String, byte[]> vocabulary) {
    this.path = path;
    this.config = config;
    this.vocabulary = vocabulary;
  }

  static ModelDirectory open(Path dir) {
    if (GgufFile.isGguf(dir)) {
      GgufModel model = GgufModel.open(dir);
      return new ModelDirectory(dir, model.config(), GgufVocabulary.filesOf(model.file()));
    }
    AtomicFiles.putInPlace(dir);
    return new ModelDirectory(dir, ConfigJson.read(dir), Map.of());
  }

  /**
   * This directory with a tokenizer that knows more tokens, and a vocabulary of at least that size
   * in its config. It takes the place of this one, which is closed.
   *
   * @param rows rows the token table has
   */
  ModelDirectory withTokens(List<NewToken> tokens, int rows) {
    Tokenizer extended = tokenizer().withAddedTokens(tokens);
    close();
    ObjectNode more = config.deepCopy();
    more.put("vocab_size", Math.max(rows, extended.vocabularySize()));
    ModelDirectory out = new ModelDirectory(path, more, vocabulary);
    out.tokenizer = CompletableFuture.completedFuture(extended);
    return out;
  }

  Path path() {
    return path;
  }

  ObjectNode config() {
    return config;
  }

  ModelConfig modelConfig() {
    return new ModelConfig(config, path.resolve("config.json"));
  }

  boolean hasTokenizer() {
    return !vocabulary.isEmpty() || Files.isRegularFile(path.resolve("tokenizer.json"));
  }

  /**
   * Starts to read the tokenizer on another thread, if there is one: it takes about as long as the
   * engine takes to start.
   */
  synchronized void startTokenizer() {
    if (tokenizer == null && hasTokenizer()) {
      tokenizer = CompletableFuture.supplyAsync(this::read);
    }
  }

  private Tokenizer read() {
    return vocabulary.isEmpty()
        ? Tokenizer.load(path)
        : Tokenizer.fromFiles(vocabulary, path.toString());
  }

  /** The tokenizer, once it is read. */
  synchronized Tokenizer tokenizer() {
    if (tokenizer == null) {
      tokenizer = CompletableFuture.completedFuture(read());
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
    saveAround(dir, config, type);
  }

  /** Writes everything but the weights into {@code dir}, with another config. */
  void saveAround(Path dir, ObjectNode config, SaveType type) {
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
          AtomicFiles.stream(dir.resolve(name), to -> Files.copy(path.resolve(name), to));
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
