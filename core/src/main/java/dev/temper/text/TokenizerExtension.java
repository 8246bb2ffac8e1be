package dev.temper.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Adds tokens to the files of a tokenizer. They get the next free ids, in order, in {@code
 * tokenizer.json}; {@code tokenizer_config.json} and {@code special_tokens_map.json} follow where
 * they list added tokens.
 */
final class TokenizerExtension {
  private static final String TOKENIZER = "tokenizer.json";
  private static final String CONFIG = "tokenizer_config.json";
  private static final String SPECIAL = "special_tokens_map.json";
  private static final String ADDED = "added_tokens.json";

  private TokenizerExtension() {}

  /** The files with new tokens; those that the vocabulary already has are left as they are. */
  static TokenizerFiles extend(
      TokenizerFiles files, Vocabulary vocabulary, List<NewToken> requested) {
    Map<Integer, NewToken> fresh = new LinkedHashMap<>();
    Set<String> seen = new LinkedHashSet<>();
    int next = vocabulary.size();
    for (NewToken token : requested) {
      if (seen.add(token.content()) && vocabulary.id(token.content()).isEmpty()) {
        fresh.put(next++, token);
      }
    }
    if (next - 1 > Vocabulary.MAX_ID) {
      throw new TokenizerException(
          files.where() + ": " + fresh.size() + " more tokens are more than ids go: " + next);
    }
    Map<String, byte[]> contents = new LinkedHashMap<>(files.contents());
    contents.computeIfPresent(TOKENIZER, (name, bytes) -> inTokenizer(bytes, name, fresh));
    contents.computeIfPresent(CONFIG, (name, bytes) -> inConfig(bytes, name, fresh));
    contents.computeIfPresent(SPECIAL, (name, bytes) -> inSpecialTokens(bytes, name, fresh));
    contents.computeIfPresent(ADDED, (name, bytes) -> inAddedTokens(bytes, name, fresh));
    return new TokenizerFiles(contents, files.where());
  }

  private static byte[] inTokenizer(byte[] bytes, String where, Map<Integer, NewToken> fresh) {
    ObjectNode root = Json.object(bytes, where);
    ArrayNode list = root.withArrayProperty("added_tokens");
    fresh.forEach(
        (id, token) -> {
          ObjectNode entry = list.addObject().put("id", id);
          describe(entry, token);
        });
    return bytes(root);
  }

  private static byte[] inConfig(byte[] bytes, String where, Map<Integer, NewToken> fresh) {
    ObjectNode root = Json.object(bytes, where);
    if (root.get("added_tokens_decoder") instanceof ObjectNode decoder) {
      fresh.forEach((id, token) -> describe(decoder.putObject(Integer.toString(id)), token));
    }
    // transformers 5 writes the second name; a file has one of them or neither.
    for (String key : List.of("additional_special_tokens", "extra_special_tokens")) {
      appendSpecial(root.get(key), fresh);
    }
    return bytes(root);
  }

  private static byte[] inSpecialTokens(byte[] bytes, String where, Map<Integer, NewToken> fresh) {
    ObjectNode root = Json.object(bytes, where);
    appendSpecial(root.get("additional_special_tokens"), fresh);
    return bytes(root);
  }

  private static byte[] inAddedTokens(byte[] bytes, String where, Map<Integer, NewToken> fresh) {
    ObjectNode root = Json.object(bytes, where);
    fresh.forEach((id, token) -> root.put(token.content(), id));
    return bytes(root);
  }

  private static void appendSpecial(@Nullable JsonNode list, Map<Integer, NewToken> fresh) {
    if (list instanceof ArrayNode array) {
      fresh.values().stream()
          .filter(NewToken::special)
          .forEach(token -> array.add(token.content()));
    }
  }

  private static void describe(ObjectNode entry, NewToken token) {
    entry
        .put("content", token.content())
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", !token.special())
        .put("special", token.special());
  }

  private static byte[] bytes(ObjectNode root) {
    try {
      return Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a parsed JSON tree can be written", e);
    }
  }
}
