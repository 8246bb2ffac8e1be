package dev.temper.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Base64;
import java.util.Map;
import java.util.Set;

/**
 * What a tokenizer.json must satisfy before native code may see it. Each rule stands for a Rust
 * panic or for ids nobody meant.
 */
final class TokenizerJsonRules {
  private static final Set<String> NORMALIZERS =
      Set.of(
          "BertNormalizer",
          "Strip",
          "StripAccents",
          "NFC",
          "NFD",
          "NFKC",
          "NFKD",
          "Sequence",
          "Lowercase",
          "Nmt",
          "Precompiled",
          "Replace",
          "Prepend",
          "ByteLevel");
  private static final Set<String> PRE_TOKENIZERS =
      Set.of(
          "BertPreTokenizer",
          "ByteLevel",
          "Delimiter",
          "CharDelimiterSplit",
          "Metaspace",
          "Whitespace",
          "WhitespaceSplit",
          "Sequence",
          "Split",
          "Punctuation",
          "Digits",
          "UnicodeScripts");
  private static final Set<String> POST_PROCESSORS =
      Set.of("RobertaProcessing", "BertProcessing", "ByteLevel", "TemplateProcessing", "Sequence");
  private static final Set<String> DECODERS =
      Set.of(
          "BPEDecoder",
          "ByteLevel",
          "WordPiece",
          "Metaspace",
          "CTC",
          "Sequence",
          "Replace",
          "Fuse",
          "Strip",
          "ByteFallback");

  private final String where;

  private TokenizerJsonRules(String where) {
    this.where = where;
  }

  static void check(ObjectNode root, String where) {
    TokenizerJsonRules rules = new TokenizerJsonRules(where);
    if (root.has("version") && !root.path("version").asText().equals("1.0")) {
      throw rules.bad("version", "is " + root.get("version") + "; only \"1.0\" is known");
    }
    rules.model(root.get("model"));
    rules.addedTokens(root.path("added_tokens"));
    rules.component(root.path("normalizer"), "normalizer", "normalizers", NORMALIZERS);
    rules.component(root.path("pre_tokenizer"), "pre_tokenizer", "pretokenizers", PRE_TOKENIZERS);
    rules.component(root.path("post_processor"), "post_processor", "processors", POST_PROCESSORS);
    if (rules.adding(root.path("post_processor")) > 1) {
      throw rules.bad(
          "post_processor",
          "adds special tokens in more than one step, which the library cannot do: keep one");
    }
    rules.component(root.path("decoder"), "decoder", "decoders", DECODERS);
  }

  private void model(@org.jspecify.annotations.Nullable JsonNode node) {
    if (!(node instanceof ObjectNode model)) {
      throw bad("model", "is missing or not an object: is this a tokenizer.json?");
    }
    JsonNode vocab = model.path("vocab");
    String type = model.path("type").asText("");
    if (type.isEmpty()) { // files of early versions name no type
      type =
          vocab.isArray()
              ? "Unigram"
              : model.has("merges")
                  ? "BPE"
                  : model.has("max_input_chars_per_word") ? "WordPiece" : "WordLevel";
      model.put("type", type);
    }
    if (!Set.of("BPE", "WordPiece", "WordLevel", "Unigram").contains(type)) {
      throw bad("model.type", "is '" + type + "'; known are BPE, WordPiece, WordLevel and Unigram");
    }
    if (vocab.isEmpty()) {
      throw bad("model.vocab", "is missing or empty");
    }
    if (type.equals("Unigram")) {
      unigramVocabulary(vocab);
    } else {
      vocabulary(vocab);
    }
    if (type.equals("BPE")) {
      model.remove("dropout");
      merges(model);
    }
  }

  private void vocabulary(JsonNode vocab) {
    if (!vocab.isObject()) {
      throw bad("model.vocab", "must map tokens to ids");
    }
    for (Map.Entry<String, JsonNode> entry : vocab.properties()) {
      checkId(entry.getValue(), "model.vocab['" + entry.getKey() + "']");
    }
  }

  private void unigramVocabulary(JsonNode vocab) {
    if (!vocab.isArray() || vocab.size() > Vocabulary.MAX_ID) {
      throw bad(
          "model.vocab",
          "must be a list of at most "
              + Vocabulary.MAX_ID
              + " [token, score] pairs for a Unigram model");
    }
    for (int i = 0; i < vocab.size(); i++) {
      JsonNode pair = vocab.get(i);
      if (!pair.isArray()
          || pair.size() != 2
          || !pair.get(0).isTextual()
          || !Double.isFinite(pair.get(1).asDouble(Double.NaN))) {
        throw bad("model.vocab[" + i + "]", "must be a token and a finite score");
      }
    }
  }

  private void merges(ObjectNode model) {
    String prefix = model.path("continuing_subword_prefix").asText("");
    JsonNode merges = model.path("merges");
    if (!merges.isArray()) {
      throw bad("model.merges", "is missing or not a list");
    }
    if (prefix.isEmpty() || model.path("continuing_subword_prefix").isNull()) {
      return;
    }
    for (int i = 0; i < merges.size(); i++) { // the library cuts the prefix off without looking
      JsonNode merge = merges.get(i);
      String text = merge.asText();
      String second =
          merge.isArray() ? merge.path(1).asText() : text.substring(text.indexOf(' ') + 1);
      if (!second.startsWith(prefix)) {
        throw bad(
            "model.merges[" + i + "]",
            "has a second part '"
                + second
                + "' without the continuing_subword_prefix '"
                + prefix
                + "'");
      }
    }
  }

  private void addedTokens(JsonNode tokens) {
    if (!tokens.isMissingNode() && !tokens.isNull() && !tokens.isArray()) {
      throw bad("added_tokens", "must be a list");
    }
    for (int i = 0; i < tokens.size(); i++) {
      JsonNode token = tokens.get(i);
      String at = "added_tokens[" + i + "]";
      if (token.path("content").asText("").isEmpty() || !token.path("content").isTextual()) {
        throw bad(at + ".content", "is missing or empty");
      }
      checkId(token.path("id"), at + ".id");
    }
  }

  private void checkId(JsonNode id, String at) {
    if (!id.isIntegralNumber()
        || !id.canConvertToInt()
        || id.intValue() < 0
        || id.intValue() > Vocabulary.MAX_ID) {
      throw bad(at, "must be an id from 0 to " + Vocabulary.MAX_ID + "; it is " + id);
    }
  }

  private void component(JsonNode node, String at, String listKey, Set<String> types) {
    if (node.isMissingNode() || node.isNull()) {
      return;
    }
    String type = node.path("type").asText("");
    if (!types.contains(type)) {
      throw bad(at + ".type", "is '" + type + "'; known are " + new java.util.TreeSet<>(types));
    }
    switch (type) {
      case "Sequence" -> {
        JsonNode list = node.path(listKey);
        if (!list.isArray()) {
          throw bad(at + "." + listKey, "must be a list");
        }
        for (int i = 0; i < list.size(); i++) {
          component(list.get(i), at + "." + listKey + "[" + i + "]", listKey, types);
          if (list.get(i).isNull()) {
            throw bad(at + "." + listKey + "[" + i + "]", "is null");
          }
        }
      }
      case "Split", "Replace" -> {
        boolean matchesEmpty = pattern(node.path("pattern"), at + ".pattern");
        if (matchesEmpty && type.equals("Replace") && types == NORMALIZERS) {
          throw bad(
              at + ".pattern",
              "may match the empty text: the library then loses track of positions");
        }
      }
      case "Strip" -> {
        if (node.path("stop").asInt(0) != 0) {
          throw bad(at + ".stop", "must be 0: the library fails on empty tokens otherwise");
        }
      }
      case "Prepend" -> {
        if (node.path("prepend").asText("").isEmpty()) {
          throw bad(
              at + ".prepend", "is missing or empty: the library then loses track of positions");
        }
      }
      case "Precompiled" ->
          precompiled(node.path("precompiled_charsmap"), at + ".precompiled_charsmap");
      case "TemplateProcessing" -> template(node, at);
      default -> {}
    }
  }

  /** How many steps of a post-processor add special tokens. */
  private int adding(JsonNode processor) {
    int count =
        processor.path("type").asText("").matches("(Template|Bert|Roberta)Processing") ? 1 : 0;
    for (JsonNode step : processor.path("processors")) {
      count += adding(step);
    }
    return count;
  }

  private boolean pattern(JsonNode pattern, String at) {
    JsonNode text = pattern.has("Regex") ? pattern.get("Regex") : pattern.path("String");
    if (!text.isTextual() || text.asText().isEmpty()) {
      throw bad(at, "must hold a non-empty String or Regex");
    }
    return pattern.has("Regex") && RegexGuard.check(text.asText(), where + ": " + at);
  }

  private void precompiled(JsonNode map, String at) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(map.asText(""));
    } catch (IllegalArgumentException e) {
      throw bad(at, "is not Base64: " + e.getMessage());
    }
    PrecompiledGuard.check(bytes, where + ": " + at);
  }

  private void template(JsonNode node, String at) {
    JsonNode special = node.path("special_tokens");
    for (Map.Entry<String, JsonNode> entry : special.properties()) {
      JsonNode ids = entry.getValue().path("ids");
      if (!ids.isArray() || ids.size() != entry.getValue().path("tokens").size()) {
        throw bad(
            at + ".special_tokens['" + entry.getKey() + "']", "must have as many ids as tokens");
      }
      for (JsonNode id : ids) {
        checkId(id, at + ".special_tokens['" + entry.getKey() + "'].ids");
      }
    }
    for (String key : new String[] {"single", "pair"}) {
      for (JsonNode piece : node.path(key)) {
        String token = piece.path("SpecialToken").path("id").asText("");
        if (piece.has("SpecialToken") && !special.has(token)) {
          throw bad(
              at + "." + key,
              "uses the special token '" + token + "', which special_tokens does not define");
        }
        if (key.equals("single") && piece.path("Sequence").path("id").asText("A").equals("B")) {
          throw bad(at + ".single", "uses sequence B, which a single text does not have");
        }
      }
    }
  }

  private TokenizerException bad(String at, String what) {
    return new TokenizerException(where + ": " + at + " " + what);
  }
}
