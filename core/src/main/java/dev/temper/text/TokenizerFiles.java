package dev.temper.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.checkpoint.AtomicFiles;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files of a tokenizer in a model directory, as bytes, so that they can be written back
 * unchanged.
 *
 * @param contents file name to bytes; always holds tokenizer.json
 * @param where the directory or a description of the source, for messages
 */
record TokenizerFiles(Map<String, byte[]> contents, String where) {
  private static final String TOKENIZER = "tokenizer.json";
  private static final String CONFIG = "tokenizer_config.json";
  private static final String SPECIAL = "special_tokens_map.json";
  private static final String TEMPLATE = "chat_template.jinja";
  private static final String OLD_TEMPLATE = "chat_template.json";

  /** Copied along, never read: other tools build their own tokenizer from them. */
  private static final List<String> COMPANIONS =
      List.of(
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "vocab.txt",
          "tokenizer.model",
          "spiece.model");

  private static final long MAX_SMALL = 16L << 20;
  private static final long MAX_COMPANION = 64L << 20;

  static TokenizerFiles load(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new TokenizerException(
          directory
              + " is not a directory: give the model's directory, or use Tokenizer.fromJson for a single file");
    }
    Map<String, byte[]> contents = new LinkedHashMap<>();
    Path tokenizer = directory.resolve(TOKENIZER);
    if (!Files.isRegularFile(tokenizer)) {
      throw new TokenizerException(
          directory
              + " has no tokenizer.json: save the tokenizer once with transformers (AutoTokenizer.from_pretrained(…).save_pretrained(…)) to create it");
    }
    contents.put(TOKENIZER, Json.read(tokenizer, TokenizerJson.MAX_BYTES));
    for (String name : List.of(CONFIG, SPECIAL, TEMPLATE, OLD_TEMPLATE)) {
      putIfPresent(contents, directory, name, MAX_SMALL);
    }
    for (String name : COMPANIONS) {
      putIfPresent(contents, directory, name, MAX_COMPANION);
    }
    return new TokenizerFiles(contents, directory.toString());
  }

  private static void putIfPresent(
      Map<String, byte[]> contents, Path directory, String name, long limit) {
    byte[] bytes = Json.readIfPresent(directory.resolve(name), limit);
    if (bytes != null) {
      contents.put(name, bytes);
    }
  }

  static TokenizerFiles of(byte[] tokenizerJson, String where) {
    return new TokenizerFiles(Map.of(TOKENIZER, tokenizerJson.clone()), where);
  }

  TokenizerJson tokenizerJson() {
    byte[] bytes = contents.get(TOKENIZER);
    if (bytes == null) {
      throw new IllegalStateException("no tokenizer.json");
    }
    return TokenizerJson.parse(
        bytes, contents.size() == 1 ? where : Path.of(where).resolve(TOKENIZER).toString());
  }

  SpecialTokens specialTokens(Vocabulary vocabulary) {
    ObjectNode config = objectOrEmpty(CONFIG);
    ObjectNode map = objectOrEmpty(SPECIAL);
    return new SpecialTokens(
        special("bos_token", config, map, vocabulary),
        special("eos_token", config, map, vocabulary),
        special("pad_token", config, map, vocabulary),
        special("unk_token", config, map, vocabulary));
  }

  private SpecialTokens.@Nullable Token special(
      String key, ObjectNode config, ObjectNode map, Vocabulary vocabulary) {
    JsonNode value = config.path(key).isMissingNode() ? map.path(key) : config.path(key);
    String content =
        value.isObject()
            ? value.path("content").asText("")
            : value.isNull() ? "" : value.asText("");
    if (content.isEmpty()) {
      return null;
    }
    int id =
        vocabulary
            .id(content)
            .orElseThrow(
                () ->
                    new TokenizerException(
                        where
                            + ": "
                            + key
                            + " '"
                            + content
                            + "' is not in the vocabulary of tokenizer.json: add it there (added_tokens) or correct the config"));
    return new SpecialTokens.Token(content, id);
  }

  /**
   * Chat templates by name; the unnamed one is called "default". A chat_template.jinja file beats
   * the config.
   */
  Map<String, String> chatTemplates() {
    Map<String, String> result = new LinkedHashMap<>();
    JsonNode inConfig = objectOrEmpty(CONFIG).path("chat_template");
    if (inConfig.isTextual()) {
      result.put("default", inConfig.asText());
    }
    for (JsonNode entry : inConfig.isArray() ? inConfig : Json.MAPPER.createArrayNode()) {
      if (!entry.path("name").isTextual() || !entry.path("template").isTextual()) {
        throw new TokenizerException(
            where
                + "/"
                + CONFIG
                + ": every entry of chat_template must have a name and a template");
      }
      result.put(entry.path("name").asText(), entry.path("template").asText());
    }
    JsonNode old = objectOrEmpty(OLD_TEMPLATE).path("chat_template");
    if (old.isTextual()) {
      result.put("default", old.asText());
    }
    byte[] file = contents.get(TEMPLATE);
    if (file != null) {
      result.put("default", new String(file, StandardCharsets.UTF_8));
    }
    return result;
  }

  private ObjectNode objectOrEmpty(String name) {
    byte[] bytes = contents.get(name);
    return bytes == null ? Json.MAPPER.createObjectNode() : Json.object(bytes, where + "/" + name);
  }

  void save(Path directory) {
    contents.forEach(
        (name, bytes) ->
            AtomicFiles.write(
                directory.resolve(name),
                channel -> {
                  ByteBuffer buffer = ByteBuffer.wrap(bytes);
                  while (buffer.hasRemaining()) {
                    channel.write(buffer);
                  }
                }));
  }
}
