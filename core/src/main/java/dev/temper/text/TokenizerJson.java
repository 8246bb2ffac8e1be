package dev.temper.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A checked tokenizer.json.
 *
 * <p>The file goes to native code whose failures can end the JVM, so everything that is known to
 * panic there is refused here first. Three settings are left out on purpose: {@code truncation} and
 * {@code padding} (a trainer must see the whole text), and the BPE model's {@code dropout} (the
 * same text must always give the same ids).
 */
final class TokenizerJson {
  /** Largest file accepted; the largest published ones have 35 MB. */
  static final long MAX_BYTES = 256L << 20;

  private final String where;
  private final ObjectNode root;
  private final Vocabulary vocabulary = new Vocabulary();
  private final List<AddedToken> addedTokens;

  private TokenizerJson(ObjectNode root, String where) {
    this.where = where;
    this.root = root;
    TokenizerJsonRules.check(root, where);
    readModel();
    this.addedTokens = readAddedTokens();
  }

  /** Reads and checks a file's bytes; {@code where} names the file in messages. */
  static TokenizerJson parse(byte[] bytes, String where) {
    if (bytes.length > MAX_BYTES) {
      throw new TokenizerException(
          where + " has " + bytes.length + " bytes; at most " + MAX_BYTES + " are accepted");
    }
    return new TokenizerJson(Json.object(bytes, where), where);
  }

  Vocabulary vocabulary() {
    return vocabulary;
  }

  List<AddedToken> addedTokens() {
    return addedTokens;
  }

  JsonNode decoder() {
    return root.path("decoder");
  }

  /** The JSON for native code. */
  String nativeJson() {
    return write(nativeRoot());
  }

  /**
   * The JSON of a tokenizer that recognises no special token in text. Special tokens of the model's
   * vocabulary are left out; the others keep their place, and so everyone's id, under a random name
   * that no text contains.
   */
  String plainJson() {
    ObjectNode result = nativeRoot();
    ArrayNode tokens = Json.MAPPER.createArrayNode();
    for (JsonNode token : root.path("added_tokens")) {
      if (!token.path("special").asBoolean()) {
        tokens.add(token);
      } else if (!modelIds.containsKey(token.path("content").asText())) {
        ObjectNode hidden = token.deepCopy();
        hidden.put("content", "\uE000" + UUID.randomUUID()).put("normalized", false);
        tokens.add(hidden);
      }
    }
    result.set("added_tokens", tokens);
    return write(result);
  }

  /**
   * Refuses added tokens of which the normalizer leaves nothing: native code would find the empty
   * text everywhere, and panic in the middle of the first character that is longer than a byte. A
   * tokenizer with the same normalizer and one catch-all token tells.
   */
  void requireNormalForms() {
    List<AddedToken> normalized = addedTokens.stream().filter(AddedToken::normalized).toList();
    if (normalized.isEmpty() || !root.path("normalizer").isObject()) {
      return;
    }
    ObjectNode probe = Json.MAPPER.createObjectNode();
    probe.put("version", "1.0").set("normalizer", root.get("normalizer"));
    probe
        .putObject("model")
        .put("type", "WordLevel")
        .put("unk_token", "u")
        .putObject("vocab")
        .put("u", 0);
    try (NativeTokenizer normalizer = new NativeTokenizer(write(probe))) {
      for (AddedToken token : normalized) {
        if (normalizer.ids(token.content(), AddSpecialTokens.NO).length == 0) {
          throw new TokenizerException(
              where
                  + ": the normalizer leaves nothing of the added token '"
                  + token.content()
                  + "' ("
                  + token.id()
                  + "): set its normalized to false");
        }
      }
    }
  }

  private ObjectNode nativeRoot() {
    ObjectNode result = Json.MAPPER.createObjectNode();
    result.put("version", "1.0");
    for (String key :
        List.of(
            "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model")) {
      JsonNode value = root.get(key);
      if (value != null) {
        result.set(key, value);
      }
    }
    return result;
  }

  private String write(ObjectNode node) {
    try {
      String json = Json.MAPPER.writeValueAsString(node);
      if (CodePoints.firstLoneSurrogate(json, 0) >= 0) {
        throw new TokenizerException(
            where + " has a string with half a surrogate pair, which is not Unicode text");
      }
      return json;
    } catch (JsonProcessingException e) {
      throw new TokenizerException(
          where + " cannot be written for native code: " + e.getMessage(), e);
    }
  }

  private final Map<String, Integer> modelIds = new HashMap<>();

  private void readModel() {
    JsonNode vocab = root.path("model").path("vocab");
    if (vocab.isArray()) { // Unigram: [token, score] pairs, the index is the id
      for (int id = 0; id < vocab.size(); id++) {
        putModelToken(vocab.get(id).path(0).asText(), id);
      }
    } else {
      for (Map.Entry<String, JsonNode> entry : vocab.properties()) {
        putModelToken(entry.getKey(), entry.getValue().asInt());
      }
    }
  }

  private void putModelToken(String token, int id) {
    String previous = vocabulary.token(id);
    if (previous != null) {
      throw new TokenizerException(
          where
              + ": model.vocab gives id "
              + id
              + " to both '"
              + previous
              + "' and '"
              + token
              + "'");
    }
    modelIds.put(token, id);
    vocabulary.put(token, id);
  }

  /**
   * The native library ignores the ids written in {@code added_tokens} and numbers the tokens
   * itself. The two must agree, or the ids would silently not be those the model was trained with.
   */
  private List<AddedToken> readAddedTokens() {
    List<AddedToken> result = new ArrayList<>();
    Map<String, Integer> added = new HashMap<>();
    int modelSize = modelIds.size();
    int largest = -1;
    Iterator<JsonNode> tokens = root.path("added_tokens").elements();
    while (tokens.hasNext()) {
      JsonNode token = tokens.next();
      String content = token.path("content").asText();
      int declared = token.path("id").asInt();
      if (added.containsKey(content)) {
        throw new TokenizerException(where + ": added_tokens lists '" + content + "' twice");
      }
      Integer inModel = modelIds.get(content);
      int id = inModel != null ? inModel : Math.max(modelSize, largest + 1);
      if (id != declared) {
        throw new TokenizerException(
            where
                + ": added token '"
                + content
                + "' is declared with id "
                + declared
                + ", but the tokenizers library gives it "
                + id
                + " (added tokens are numbered in file order after the model's "
                + modelSize
                + " tokens): list them in order and without gaps");
      }
      String other = vocabulary.token(id);
      if (other != null && !other.equals(content)) {
        throw new TokenizerException(
            where
                + ": id "
                + id
                + " belongs to both '"
                + other
                + "' and the added token '"
                + content
                + "'");
      }
      added.put(content, id);
      largest = Math.max(largest, id);
      vocabulary.put(content, id);
      result.add(
          new AddedToken(
              id,
              content,
              token.path("single_word").asBoolean(),
              token.path("lstrip").asBoolean(),
              token.path("rstrip").asBoolean(),
              token.path("normalized").asBoolean(),
              token.path("special").asBoolean()));
    }
    return List.copyOf(result);
  }
}
