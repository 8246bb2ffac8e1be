package dev.temper.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From a GGUF vocabulary to the tokenizer files of a Hugging Face directory. */
final class GgufTokenizerFiles {
  /** SentencePiece's visible space. */
  static final String SPACE = "\u2581";

  private GgufTokenizerFiles() {}

  static Map<String, byte[]> of(GgufVocabulary v) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("tokenizer.json", bytes(tokenizer(v)));
    files.put("tokenizer_config.json", bytes(config(v)));
    if (v.chatTemplate() != null) {
      files.put("chat_template.jinja", v.chatTemplate().getBytes(StandardCharsets.UTF_8));
    }
    return files;
  }

  private static byte[] bytes(JsonNode json) {
    try {
      return Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ObjectNode tokenizer(GgufVocabulary v) {
    ObjectNode out = Json.MAPPER.createObjectNode();
    out.put("version", "1.0");
    out.putNull("truncation");
    out.putNull("padding");
    out.set("added_tokens", addedTokens(v));
    if (v.model() == GgufVocabulary.Model.BYTE_LEVEL_BPE) {
      GgufPreTokenizers.Steps steps = GgufPreTokenizers.named(v.preTokenizer());
      if (steps.nfc()) {
        out.putObject("normalizer").put("type", "NFC");
      } else {
        out.putNull("normalizer");
      }
      out.set("pre_tokenizer", GgufPreTokenizers.preTokenizer(steps));
      out.set("post_processor", postProcessor(v));
      out.set("decoder", GgufPreTokenizers.byteLevel(true));
      out.set("model", byteLevelModel(v, steps.wholeWords()));
    } else {
      out.set("normalizer", sentencePieceNormalizer(v.addSpacePrefix()));
      out.putNull("pre_tokenizer");
      out.set("post_processor", postProcessor(v));
      out.set("decoder", sentencePieceDecoder(v.addSpacePrefix()));
      out.set("model", sentencePieceModel(v));
    }
    return out;
  }

  private static ArrayNode addedTokens(GgufVocabulary v) {
    ArrayNode out = Json.MAPPER.createArrayNode();
    for (int id = 0; id < v.tokens().size(); id++) {
      int type = v.types()[id];
      boolean special = type == GgufVocabulary.CONTROL || type == GgufVocabulary.UNKNOWN;
      if ((special || type == GgufVocabulary.USER_DEFINED) && !v.tokens().get(id).isEmpty()) {
        out.addObject()
            .put("id", id)
            .put("content", v.tokens().get(id))
            .put("single_word", false)
            .put("lstrip", false)
            .put("rstrip", false)
            .put("normalized", false)
            .put("special", special);
      }
    }
    return out;
  }

  /** Puts the begin and end of text around what they should be around; null if there is neither. */
  private static @Nullable JsonNode postProcessor(GgufVocabulary v) {
    String bos = v.addBeginOfText() ? token(v, v.roles().bos()) : null;
    String eos = v.addEndOfText() ? token(v, v.roles().eos()) : null;
    if (bos == null && eos == null) {
      return null;
    }
    ObjectNode out = Json.MAPPER.createObjectNode().put("type", "TemplateProcessing");
    ArrayNode single = out.putArray("single");
    part(single, bos, eos, "A", 0);
    ArrayNode pair = out.putArray("pair");
    part(pair, bos, eos, "A", 0);
    part(pair, bos, eos, "B", 1);
    ObjectNode special = out.putObject("special_tokens");
    special(special, bos, v.roles().bos());
    special(special, eos, v.roles().eos());
    return out;
  }

  private static void part(
      ArrayNode out, @Nullable String bos, @Nullable String eos, String sequence, int typeId) {
    if (bos != null) {
      out.addObject().putObject("SpecialToken").put("id", bos).put("type_id", typeId);
    }
    out.addObject().putObject("Sequence").put("id", sequence).put("type_id", typeId);
    if (eos != null) {
      out.addObject().putObject("SpecialToken").put("id", eos).put("type_id", typeId);
    }
  }

  private static void special(ObjectNode out, @Nullable String token, @Nullable Integer id) {
    if (token != null && id != null && !out.has(token)) {
      ObjectNode entry = out.putObject(token).put("id", token);
      entry.putArray("ids").add(id);
      entry.putArray("tokens").add(token);
    }
  }

  private static ObjectNode byteLevelModel(GgufVocabulary v, boolean wholeWords) {
    ObjectNode model = Json.MAPPER.createObjectNode().put("type", "BPE");
    model.putNull("dropout");
    model.putNull("unk_token");
    model.putNull("continuing_subword_prefix");
    model.putNull("end_of_word_suffix");
    model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", wholeWords);
    model.set("vocab", vocabulary(v));
    ArrayNode merges = model.putArray("merges");
    for (String merge : v.merges()) {
      // From the second character on, because a token may be the space itself in odd files.
      int space = merge.indexOf(' ', 1);
      if (space < 0 || space == merge.length() - 1) {
        throw new TokenizerException("the merge '" + merge + "' does not hold two tokens");
      }
      merges.addArray().add(merge.substring(0, space)).add(merge.substring(space + 1));
    }
    return model;
  }

  private static ObjectNode sentencePieceModel(GgufVocabulary v) {
    boolean bytes = false;
    for (int type : v.types()) {
      bytes |= type == GgufVocabulary.BYTE;
    }
    ObjectNode model = Json.MAPPER.createObjectNode().put("type", "BPE");
    model.putNull("dropout");
    model.put("unk_token", token(v, v.roles().unknown()));
    model.putNull("continuing_subword_prefix");
    model.putNull("end_of_word_suffix");
    model.put("fuse_unk", true).put("byte_fallback", bytes).put("ignore_merges", false);
    model.set("vocab", vocabulary(v));
    ArrayNode merges = model.putArray("merges");
    for (ScoredMerges.Merge m : ScoredMerges.of(v)) {
      merges.addArray().add(m.left()).add(m.right());
    }
    return model;
  }

  /** Every token but the unused ones, whose names must not be found in texts. */
  private static ObjectNode vocabulary(GgufVocabulary v) {
    ObjectNode out = Json.MAPPER.createObjectNode();
    for (int id = 0; id < v.tokens().size(); id++) {
      if (v.types()[id] == GgufVocabulary.UNUSED) {
        continue;
      }
      String token = v.tokens().get(id);
      JsonNode before = out.get(token);
      if (before != null) {
        throw new TokenizerException(
            "tokens " + before.asInt() + " and " + id + " are both spelled '" + token + "'");
      }
      out.put(token, id);
    }
    return out;
  }

  private static ObjectNode sentencePieceNormalizer(boolean prefix) {
    ObjectNode replace = replace(" ", SPACE);
    if (!prefix) {
      return replace;
    }
    ObjectNode sequence = Json.MAPPER.createObjectNode().put("type", "Sequence");
    ArrayNode steps = sequence.putArray("normalizers");
    steps.addObject().put("type", "Prepend").put("prepend", SPACE);
    steps.add(replace);
    return sequence;
  }

  private static ObjectNode sentencePieceDecoder(boolean prefix) {
    ObjectNode sequence = Json.MAPPER.createObjectNode().put("type", "Sequence");
    ArrayNode steps = sequence.putArray("decoders");
    steps.add(replace(SPACE, " "));
    steps.addObject().put("type", "ByteFallback");
    steps.addObject().put("type", "Fuse");
    if (prefix) {
      steps.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
    }
    return sequence;
  }

  private static ObjectNode replace(String from, String to) {
    ObjectNode replace = Json.MAPPER.createObjectNode().put("type", "Replace");
    replace.putObject("pattern").put("String", from);
    return replace.put("content", to);
  }

  private static ObjectNode config(GgufVocabulary v) {
    ObjectNode out = Json.MAPPER.createObjectNode();
    out.put("tokenizer_class", "PreTrainedTokenizerFast");
    putToken(out, "bos_token", v, v.roles().bos());
    putToken(out, "eos_token", v, v.roles().eos());
    putToken(out, "unk_token", v, v.roles().unknown());
    putToken(out, "pad_token", v, v.roles().padding());
    out.put("add_bos_token", v.addBeginOfText());
    out.put("add_eos_token", v.addEndOfText());
    out.put("clean_up_tokenization_spaces", false);
    if (v.chatTemplate() != null) {
      out.put("chat_template", v.chatTemplate());
    }
    return out;
  }

  private static void putToken(ObjectNode out, String key, GgufVocabulary v, @Nullable Integer id) {
    String token = token(v, id);
    if (token != null) {
      out.put(key, token);
    }
  }

  private static @Nullable String token(GgufVocabulary v, @Nullable Integer id) {
    return id == null || v.tokens().get(id).isEmpty() ? null : v.tokens().get(id);
  }
}
