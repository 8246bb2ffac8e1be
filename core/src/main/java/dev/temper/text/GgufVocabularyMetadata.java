package dev.temper.text;

import dev.temper.checkpoint.gguf.GgufFile;
import dev.temper.checkpoint.gguf.GgufMetadata;
import dev.temper.checkpoint.gguf.GgufValue;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A vocabulary in the metadata of a GGUF file. */
final class GgufVocabularyMetadata {
  private static final String P = "tokenizer.ggml.";
  private static final String TEMPLATE = "tokenizer.chat_template";

  private GgufVocabularyMetadata() {}

  /** The vocabulary; empty if the file has none. */
  static Optional<GgufVocabulary> read(GgufFile file) {
    GgufMetadata m = file.metadata();
    Optional<List<String>> tokens = m.texts(P + "tokens");
    if (tokens.isEmpty() || m.text(P + "model").orElse("none").equals("none")) {
      return Optional.empty();
    }
    try {
      GgufVocabulary.Model model = GgufVocabulary.Model.named(m.text(P + "model").orElseThrow());
      boolean sentencePiece = model == GgufVocabulary.Model.SENTENCE_PIECE;
      String pre = m.text(P + "pre").orElse("default");
      return Optional.of(
          new GgufVocabulary(
              model,
              pre,
              tokens.get(),
              sentencePiece ? scores(m) : new float[0],
              types(m, tokens.get().size()),
              sentencePiece
                  ? List.of()
                  : m.texts(P + "merges").orElseThrow(() -> missing("merges")),
              new GgufVocabulary.Roles(
                  role(m, "bos_token_id"),
                  role(m, "eos_token_id"),
                  role(m, "unknown_token_id"),
                  role(m, "padding_token_id")),
              // What llama.cpp assumes where the file says nothing.
              m.flag(P + "add_bos_token").orElse(sentencePiece || pre.startsWith("llama")),
              m.flag(P + "add_eos_token").orElse(false),
              m.flag(P + "add_space_prefix").orElse(sentencePiece),
              m.text(TEMPLATE).orElse(null)));
    } catch (TokenizerException e) {
      throw new TokenizerException(file.path() + ": its vocabulary: " + e.getMessage(), e);
    }
  }

  private static TokenizerException missing(String key) {
    return new TokenizerException("the metadata '" + P + key + "' is missing");
  }

  private static float[] scores(GgufMetadata m) {
    double[] wide = m.reals(P + "scores").orElseThrow(() -> missing("scores"));
    float[] out = new float[wide.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) wide[i];
    }
    return out;
  }

  private static int[] types(GgufMetadata m, int count) {
    Optional<long[]> stored = m.wholes(P + "token_type");
    int[] out = new int[stored.map(s -> s.length).orElse(count)];
    Arrays.fill(out, 1);
    stored.ifPresent(
        s -> {
          for (int i = 0; i < out.length; i++) {
            out[i] = (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, s[i]));
          }
        });
    return out;
  }

  /** The id of a token with a role; null if there is none, also where that is written as -1. */
  static @Nullable Integer role(GgufMetadata m, String key) {
    long id = m.whole(P + key).orElse(-1);
    return id < 0 || id > Integer.MAX_VALUE ? null : (Integer) (int) id;
  }

  /** The metadata that holds a vocabulary. */
  static Map<String, GgufValue> write(GgufVocabulary v) {
    Map<String, GgufValue> out = new LinkedHashMap<>();
    out.put(P + "model", new GgufValue.Text(v.model().ggufName()));
    out.put(P + "pre", new GgufValue.Text(v.preTokenizer()));
    out.put(P + "tokens", new GgufValue.Texts(v.tokens()));
    if (v.model() == GgufVocabulary.Model.SENTENCE_PIECE) {
      double[] scores = new double[v.scores().length];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = v.scores()[i];
      }
      out.put(P + "scores", new GgufValue.Reals(GgufValue.Kind.FLOAT32, scores));
    }
    out.put(
        P + "token_type",
        new GgufValue.Wholes(
            GgufValue.Kind.INT32, Arrays.stream(v.types()).asLongStream().toArray()));
    if (v.model() == GgufVocabulary.Model.BYTE_LEVEL_BPE) {
      out.put(P + "merges", new GgufValue.Texts(v.merges()));
    }
    put(out, "bos_token_id", v.roles().bos());
    put(out, "eos_token_id", v.roles().eos());
    put(out, "unknown_token_id", v.roles().unknown());
    put(out, "padding_token_id", v.roles().padding());
    out.put(P + "add_bos_token", new GgufValue.Flag(v.addBeginOfText()));
    out.put(P + "add_eos_token", new GgufValue.Flag(v.addEndOfText()));
    out.put(P + "add_space_prefix", new GgufValue.Flag(v.addSpacePrefix()));
    if (v.chatTemplate() != null) {
      out.put(TEMPLATE, new GgufValue.Text(v.chatTemplate()));
    }
    return out;
  }

  private static void put(Map<String, GgufValue> out, String key, @Nullable Integer id) {
    if (id != null) {
      out.put(P + key, new GgufValue.Whole(GgufValue.Kind.UINT32, id));
    }
  }
}
