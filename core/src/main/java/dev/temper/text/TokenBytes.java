package dev.temper.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The bytes each token adds to the decoded text: what constrained decoding reads a vocabulary as.
 *
 * <p>Two kinds of vocabulary say so: byte-level BPE (GPT-2, Llama 3, Qwen), whose characters stand
 * for bytes, and SentencePiece (Llama 2, Gemma, Phi-3), where ▁ is a space and {@code <0x0A>} a
 * byte. Others (WordPiece) put spaces and punctuation together depending on the neighbours and are
 * refused.
 *
 * @param tokens UTF-8 bytes by id, up to the largest id; null for added tokens and ids without a
 *     token
 * @param dropsFirstSpace whether one space at the very beginning of a text is not part of it
 */
@SuppressWarnings("ArrayRecordComponent") // bytes of tokens are arrays; not compared
public record TokenBytes(List<byte @Nullable []> tokens, boolean dropsFirstSpace) {
  /**
   * The bytes of a tokenizer's tokens.
   *
   * @throws TokenizerException if its decoder is not one of the two kinds
   */
  public static TokenBytes of(Tokenizer tokenizer) {
    Decoding decoding = Decoding.of(tokenizer.decoderJson());
    Set<Integer> added = new HashSet<>();
    tokenizer.addedTokens().forEach(t -> added.add(t.id()));
    List<byte @Nullable []> out = new ArrayList<>();
    for (int id = 0; id < tokenizer.vocabularySize(); id++) {
      String token = added.contains(id) ? null : tokenizer.token(id).orElse(null);
      out.add(token == null ? null : decoding.bytes(token));
    }
    return new TokenBytes(java.util.Collections.unmodifiableList(out), decoding.dropsFirstSpace);
  }

  /** Vocabulary size: largest id + 1. */
  public int size() {
    return tokens.size();
  }

  /** What the decoder of a tokenizer.json does to a single token. */
  private static final class Decoding {
    private static final Map<Character, Byte> BYTE_LEVEL = byteLevel();

    boolean byteLevel;
    boolean byteFallback;
    boolean dropsFirstSpace;
    final List<String[]> replacements = new ArrayList<>();

    static Decoding of(JsonNode decoder) {
      Decoding out = new Decoding();
      if (decoder.path("type").asText().equals("Sequence")) {
        for (JsonNode part : decoder.path("decoders")) {
          out.add(part);
        }
      } else {
        out.add(decoder);
      }
      return out;
    }

    private void add(JsonNode part) {
      String type = part.path("type").asText("none");
      switch (type) {
        case "ByteLevel" -> byteLevel = true;
        case "ByteFallback" -> byteFallback = true;
        case "Fuse" -> {}
        case "Replace" -> {
          if (!part.path("pattern").path("String").isTextual()) {
            throw refused("a Replace by regular expression");
          }
          replacements.add(
              new String[] {part.at("/pattern/String").asText(), part.path("content").asText()});
        }
        case "Strip" -> {
          if (!part.path("content").asText().equals(" ")
              || part.path("start").asInt() != 1
              || part.path("stop").asInt() != 0) {
            throw refused("a Strip of something else than one leading space");
          }
          dropsFirstSpace = true;
        }
        case "Metaspace" -> {
          replacements.add(new String[] {part.path("replacement").asText("▁"), " "});
          boolean prefix =
              part.has("prepend_scheme")
                  ? !part.path("prepend_scheme").asText().equals("never")
                  : part.path("add_prefix_space").asBoolean(true);
          dropsFirstSpace |= prefix;
        }
        default -> throw refused(type);
      }
    }

    private static TokenizerException refused(String what) {
      return new TokenizerException(
          "the bytes of single tokens are known for byte-level and SentencePiece tokenizers; this"
              + " one's decoder has "
              + what);
    }

    byte[] bytes(String token) {
      if (byteLevel) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < token.length(); i++) {
          Byte b = BYTE_LEVEL.get(token.charAt(i));
          if (b == null) {
            return token.getBytes(StandardCharsets.UTF_8);
          }
          out.write(b);
        }
        return out.toByteArray();
      }
      if (byteFallback && token.matches("<0x[0-9A-Fa-f]{2}>")) {
        return new byte[] {(byte) Integer.parseInt(token.substring(3, 5), 16)};
      }
      String text = token;
      for (String[] r : replacements) {
        text = text.replace(r[0], r[1]);
      }
      return text.getBytes(StandardCharsets.UTF_8);
    }

    /** GPT-2's table: printable Latin-1 stands for itself, other bytes for U+0100 and on. */
    private static Map<Character, Byte> byteLevel() {
      Map<Character, Byte> out = new HashMap<>();
      char next = 256;
      for (int b = 0; b < 256; b++) {
        boolean printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
        out.put(printable ? (char) b : next++, (byte) b);
      }
      return out;
    }
  }
}
