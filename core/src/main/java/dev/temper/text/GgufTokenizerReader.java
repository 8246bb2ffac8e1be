package dev.temper.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From the tokenizer files of a Hugging Face directory to a GGUF vocabulary. */
final class GgufTokenizerReader {
  private final String where;
  private final TokenizerFiles files;
  private final ObjectNode root;
  private final Vocabulary vocabulary;
  private final List<AddedToken> added;

  private GgufTokenizerReader(Path directory) {
    where = directory.resolve("tokenizer.json").toString();
    files = TokenizerFiles.load(directory);
    TokenizerJson json = files.tokenizerJson();
    vocabulary = json.vocabulary();
    added = json.addedTokens();
    root =
        Json.object(
            java.util.Objects.requireNonNull(files.contents().get("tokenizer.json")), where);
  }

  static GgufVocabulary read(Path directory, int size) {
    return new GgufTokenizerReader(directory).vocabulary(size);
  }

  private GgufVocabulary vocabulary(int size) {
    JsonNode bpe = root.path("model");
    if (!bpe.path("type").asText().equals("BPE")) {
      throw unsupported("its model is " + bpe.path("type") + ", not BPE");
    }
    if (vocabulary.size() > size) {
      throw new TokenizerException(
          where
              + ": has ids up to "
              + (vocabulary.size() - 1)
              + " but the model's embedding has "
              + size
              + " rows");
    }
    boolean sentencePiece = bpe.path("byte_fallback").asBoolean();
    SpecialTokens special = files.specialTokens(vocabulary);
    GgufVocabulary.Roles roles = roles(special, bpe.path("unk_token").asText(""));
    int[] types = types(size, roles, sentencePiece);
    List<String> tokens = tokens(size);
    List<ScoredMerges.Merge> merges = merges(bpe.path("merges"));
    @Nullable String template = template();
    return sentencePiece
        ? new GgufVocabulary(
            GgufVocabulary.Model.SENTENCE_PIECE,
            "default",
            tokens,
            ScoredMerges.scores(tokens, types, merges),
            types,
            List.of(),
            roles,
            surrounds(roles.bos(), true),
            surrounds(roles.eos(), false),
            prefix(),
            template)
        : new GgufVocabulary(
            GgufVocabulary.Model.BYTE_LEVEL_BPE,
            GgufPreTokenizers.nameOf(root)
                .orElseThrow(
                    () ->
                        unsupported(
                            "llama.cpp has no name for its pre_tokenizer and normalizer, and would split texts differently")),
            tokens,
            new float[0],
            types,
            merges.stream().map(m -> m.left() + " " + m.right()).toList(),
            roles,
            surrounds(roles.bos(), true),
            surrounds(roles.eos(), false),
            false,
            template);
  }

  private TokenizerException unsupported(String why) {
    return new TokenizerException(where + ": cannot be written to a GGUF file: " + why);
  }

  private List<String> tokens(int size) {
    List<String> out = new ArrayList<>(size);
    for (int id = 0; id < size; id++) {
      String token = vocabulary.token(id);
      out.add(token == null ? "[PAD" + id + "]" : token);
    }
    return out;
  }

  private GgufVocabulary.Roles roles(SpecialTokens special, String unknown) {
    return new GgufVocabulary.Roles(
        id(special.beginOfText()),
        id(special.endOfText()),
        vocabulary.id(unknown).isPresent()
            ? (Integer) vocabulary.id(unknown).getAsInt()
            : id(special.unknown()),
        id(special.padding()));
  }

  private static @Nullable Integer id(SpecialTokens.@Nullable Token token) {
    return token == null ? null : token.id();
  }

  private int[] types(int size, GgufVocabulary.Roles roles, boolean sentencePiece) {
    int[] types = new int[size];
    for (int id = 0; id < size; id++) {
      String token = vocabulary.token(id);
      boolean isByte = sentencePiece && token != null && token.matches("<0x[0-9A-F]{2}>");
      types[id] =
          token == null
              ? GgufVocabulary.UNUSED
              : isByte ? GgufVocabulary.BYTE : GgufVocabulary.NORMAL;
    }
    for (AddedToken t : added) {
      types[t.id()] = t.special() ? GgufVocabulary.CONTROL : GgufVocabulary.USER_DEFINED;
    }
    if (sentencePiece && roles.unknown() != null) {
      types[roles.unknown()] = GgufVocabulary.UNKNOWN;
    }
    return types;
  }

  private List<ScoredMerges.Merge> merges(JsonNode list) {
    List<ScoredMerges.Merge> out = new ArrayList<>(list.size());
    for (JsonNode m : list) {
      if (m.isArray()) {
        out.add(new ScoredMerges.Merge(m.path(0).asText(), m.path(1).asText()));
      } else {
        String text = m.asText();
        int space = text.indexOf(' ', 1);
        out.add(new ScoredMerges.Merge(text.substring(0, space), text.substring(space + 1)));
      }
    }
    return out;
  }

  /** Whether the post-processor puts a token at the start, or the end, of a text. */
  private boolean surrounds(@Nullable Integer id, boolean start) {
    if (id == null) {
      return false;
    }
    for (JsonNode step : GgufPreTokenizers.flatten(root.path("post_processor"), "processors")) {
      JsonNode single = step.path("single");
      JsonNode edge = single.path(start ? 0 : single.size() - 1).path("SpecialToken").path("id");
      if (edge.isTextual() && edge.asText().equals(vocabulary.token(id))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a text gets a space in front, written as a normalizer or as a pre-tokenizer.
   *
   * @throws TokenizerException if the steps are not those of a SentencePiece vocabulary
   */
  private boolean prefix() {
    boolean prefix = false;
    boolean spaces = false;
    for (JsonNode step : GgufPreTokenizers.flatten(root.path("normalizer"), "normalizers")) {
      switch (step.path("type").asText()) {
        case "Prepend" -> prefix = true;
        case "Replace" -> {
          if (!step.path("pattern").path("String").asText().equals(" ")) {
            throw unsupported("its normalizer replaces other text than spaces");
          }
          spaces = true;
        }
        default -> throw unsupported("its normalizer holds " + step.path("type"));
      }
    }
    for (JsonNode step : GgufPreTokenizers.flatten(root.path("pre_tokenizer"), "pretokenizers")) {
      boolean metaspace =
          step.path("type").asText().equals("Metaspace") && !step.path("split").asBoolean(true);
      boolean harmless =
          step.path("type").asText().equals("Split")
              && step.path("pattern").path("String").asText().equals(" ")
              && step.path("behavior").asText().equals("MergedWithPrevious")
              && spaces;
      if (metaspace) {
        spaces = true;
        prefix |= !step.path("prepend_scheme").asText("always").equals("never");
      } else if (!harmless) {
        throw unsupported("its pre_tokenizer holds " + step.path("type"));
      }
    }
    if (!spaces) {
      throw unsupported("it does not turn spaces into " + GgufTokenizerFiles.SPACE);
    }
    return prefix;
  }

  private @Nullable String template() {
    Map<String, String> templates = files.chatTemplates();
    return templates.size() == 1 ? templates.values().iterator().next() : templates.get("default");
  }
}
