package dev.temper.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The pre-tokenizers of byte-level BPE vocabularies that GGUF files name ({@code
 * tokenizer.ggml.pre}), as steps of tokenizer.json: the expressions that split a text, one after
 * the other, before merges are applied within the pieces.
 */
final class GgufPreTokenizers {
  private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String REST = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LEAD = "[^\\r\\n\\p{L}\\p{N}]?";

  /** Of Llama 3: digits in threes. */
  private static final String LLAMA3 =
      CONTRACTIONS + "|" + LEAD + "\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" + REST;

  /** Of Qwen 2: single digits. */
  private static final String QWEN2 =
      CONTRACTIONS + "|" + LEAD + "\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" + REST;

  /** Of GPT-4o: words split at changes from lower to upper case. */
  private static final String GPT4O =
      LEAD
          + UPPER
          + "*"
          + LOWER
          + "+"
          + CONTRACTIONS
          + "?|"
          + LEAD
          + UPPER
          + "+"
          + LOWER
          + "*"
          + CONTRACTIONS
          + "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"
          + REST;

  /** Of Mistral's Tekken: as GPT-4o without contractions, single digits. */
  private static final String TEKKEN =
      LEAD
          + UPPER
          + "*"
          + LOWER
          + "+|"
          + LEAD
          + UPPER
          + "+"
          + LOWER
          + "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"
          + REST;

  /** What llama.cpp does with files that name nothing: punctuation, GPT-2, digits in threes. */
  private static final List<String> DEFAULT =
      List.of(
          "[\\p{P}\\$\\+<=>\\^~\\|]+",
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)",
          "\\p{N}+",
          "[0-9][0-9][0-9]");

  /**
   * A pre-tokenizer.
   *
   * @param digits whether single digits are split off first
   * @param splits expressions applied one after the other
   * @param gpt2 whether the byte-level step splits as GPT-2 does
   * @param nfc whether texts are brought to Unicode's normal form C first
   * @param wholeWords whether a piece that is a token is taken without merging
   */
  record Steps(
      boolean digits, List<String> splits, boolean gpt2, boolean nfc, boolean wholeWords) {}

  private static final Steps GPT2_STEPS = new Steps(false, List.of(), true, false, false);
  private static final Steps DIGITS_STEPS = new Steps(true, List.of(), true, false, false);
  private static final Steps QWEN2_STEPS = new Steps(false, List.of(QWEN2), false, true, false);

  /** In this order the first name of equal steps is the one that is written. */
  private static final Map<String, Steps> BY_NAME = new LinkedHashMap<>();

  static {
    BY_NAME.put("gpt-2", GPT2_STEPS);
    BY_NAME.put("phi-2", GPT2_STEPS);
    BY_NAME.put("olmo", new Steps(false, List.of(), true, true, false));
    BY_NAME.put("smollm", DIGITS_STEPS);
    BY_NAME.put("starcoder", DIGITS_STEPS);
    BY_NAME.put("refact", DIGITS_STEPS);
    BY_NAME.put("command-r", DIGITS_STEPS);
    BY_NAME.put("llama-bpe", new Steps(false, List.of(LLAMA3), false, false, true));
    BY_NAME.put("llama3", BY_NAME.get("llama-bpe"));
    BY_NAME.put("llama-v3", BY_NAME.get("llama-bpe"));
    BY_NAME.put("dbrx", new Steps(false, List.of(LLAMA3), false, false, false));
    BY_NAME.put("smaug-bpe", BY_NAME.get("dbrx"));
    BY_NAME.put("qwen2", QWEN2_STEPS);
    BY_NAME.put("deepseek-r1-qwen", QWEN2_STEPS);
    BY_NAME.put("stablelm2", new Steps(false, List.of(QWEN2), false, false, false));
    BY_NAME.put("gpt-4o", new Steps(false, List.of(GPT4O), false, false, false));
    BY_NAME.put("tekken", new Steps(false, List.of(TEKKEN), false, false, true));
    BY_NAME.put("default", new Steps(false, DEFAULT, false, false, false));
  }

  private GgufPreTokenizers() {}

  static Steps named(String name) {
    Steps steps = BY_NAME.get(name);
    if (steps == null) {
      throw new TokenizerException(
          "tokenizer.ggml.pre '"
              + name
              + "' is not supported, so how its texts are split is not known; supported are "
              + String.join(", ", BY_NAME.keySet()));
    }
    return steps;
  }

  /** The name of a tokenizer.json's steps; empty if llama.cpp has none for them. */
  static Optional<String> nameOf(ObjectNode tokenizer) {
    Optional<Steps> read = read(tokenizer);
    return read.flatMap(
        steps ->
            BY_NAME.entrySet().stream()
                .filter(e -> e.getValue().equals(steps))
                .map(Map.Entry::getKey)
                .findFirst());
  }

  /** The value of {@code pre_tokenizer}. */
  static ObjectNode preTokenizer(Steps steps) {
    ObjectNode sequence = Json.MAPPER.createObjectNode().put("type", "Sequence");
    ArrayNode parts = sequence.putArray("pretokenizers");
    if (steps.digits()) {
      parts.addObject().put("type", "Digits").put("individual_digits", true);
    }
    for (String regex : steps.splits()) {
      ObjectNode split = parts.addObject().put("type", "Split");
      split.putObject("pattern").put("Regex", regex);
      split.put("behavior", "Isolated").put("invert", false);
    }
    parts.add(byteLevel(steps.gpt2()));
    return parts.size() == 1 ? (ObjectNode) parts.get(0) : sequence;
  }

  static ObjectNode byteLevel(boolean gpt2) {
    return Json.MAPPER
        .createObjectNode()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", gpt2);
  }

  private static Optional<Steps> read(ObjectNode tokenizer) {
    boolean digits = false;
    List<String> splits = new ArrayList<>();
    boolean gpt2 = false;
    boolean bytes = false;
    for (JsonNode step : flatten(tokenizer.path("pre_tokenizer"), "pretokenizers")) {
      switch (step.path("type").asText()) {
        case "Digits" -> {
          if (!step.path("individual_digits").asBoolean() || bytes || !splits.isEmpty()) {
            return Optional.empty();
          }
          digits = true;
        }
        case "Split" -> {
          boolean isolated =
              step.path("behavior").asText().equals("Isolated") && !step.path("invert").asBoolean();
          // The same split with groups of captures removed behaves the same.
          boolean removed =
              step.path("behavior").asText().equals("Removed") && step.path("invert").asBoolean();
          JsonNode regex = step.path("pattern").path("Regex");
          if (bytes || !regex.isTextual() || !(isolated || removed)) {
            return Optional.empty();
          }
          splits.add(regex.asText());
        }
        case "ByteLevel" -> {
          if (bytes || step.path("add_prefix_space").asBoolean()) {
            return Optional.empty();
          }
          bytes = true;
          gpt2 = step.path("use_regex").asBoolean(true);
        }
        default -> {
          return Optional.empty();
        }
      }
    }
    boolean nfc = false;
    for (JsonNode step : flatten(tokenizer.path("normalizer"), "normalizers")) {
      if (!step.path("type").asText().equals("NFC")) {
        return Optional.empty();
      }
      nfc = true;
    }
    return bytes
        ? Optional.of(
            new Steps(
                digits,
                List.copyOf(splits),
                gpt2,
                nfc,
                tokenizer.path("model").path("ignore_merges").asBoolean()))
        : Optional.empty();
  }

  /** The steps of a pre-tokenizer or normalizer, be it one or a sequence. */
  static List<JsonNode> flatten(JsonNode node, String key) {
    if (!node.isObject()) {
      return List.of();
    }
    if (!node.path("type").asText().equals("Sequence")) {
      return List.of(node);
    }
    List<JsonNode> all = new ArrayList<>();
    node.path(key).forEach(n -> all.addAll(flatten(n, key)));
    return all;
  }
}
