package dev.temper.text;

import dev.temper.checkpoint.gguf.GgufFile;
import dev.temper.checkpoint.gguf.GgufValue;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A vocabulary as GGUF files hold it, and its translation to and from the tokenizer files of a
 * Hugging Face directory.
 *
 * <p>Differences that a GGUF file forces: only the pre-tokenizers llama.cpp knows by name exist;
 * added tokens lose {@code lstrip}, {@code rstrip} and {@code single_word}; a SentencePiece
 * vocabulary stores scores instead of merges, so merges are derived from the scores (every split of
 * a token into two others, best score first), and scores from the merges on the way back.
 *
 * @param model which algorithm the tokens belong to
 * @param preTokenizer llama.cpp's name of the pre-tokenizer of a byte-level BPE ({@code smollm},
 *     {@code llama-bpe}, {@code qwen2}, {@code gpt-2}, {@code default}, …)
 * @param tokens spelled as in tokenizer.json, by id
 * @param scores one per token for SentencePiece, else empty
 * @param types one per token: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte
 * @param merges two tokens with a space between, best first; empty for SentencePiece
 * @param roles ids of the tokens with a role
 * @param addBeginOfText whether a text starts with the begin-of-text token when special tokens are
 *     asked for
 * @param addEndOfText whether it ends with the end-of-text token
 * @param addSpacePrefix whether SentencePiece puts a space before a text
 * @param chatTemplate Jinja source, or null
 */
public record GgufVocabulary(
    Model model,
    String preTokenizer,
    List<String> tokens,
    float[] scores,
    int[] types,
    List<String> merges,
    Roles roles,
    boolean addBeginOfText,
    boolean addEndOfText,
    boolean addSpacePrefix,
    @Nullable String chatTemplate) {
  /** Longest token: splitting one takes quadratic time. */
  static final int MAX_TOKEN_CHARS = 2048;

  static final int NORMAL = 1;
  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;
  static final int BYTE = 6;

  /** Algorithms. */
  public enum Model {
    /** Byte-level BPE with merges; {@code gpt2} in a file. */
    BYTE_LEVEL_BPE("gpt2"),
    /** SentencePiece BPE with scores and bytes for unknown characters; {@code llama} in a file. */
    SENTENCE_PIECE("llama");

    private final String ggufName;

    Model(String ggufName) {
      this.ggufName = ggufName;
    }

    /** The value of {@code tokenizer.ggml.model}. */
    public String ggufName() {
      return ggufName;
    }

    /**
     * The model of a {@code tokenizer.ggml.model}.
     *
     * @throws TokenizerException naming those supported
     */
    public static Model named(String ggufName) {
      for (Model m : values()) {
        if (m.ggufName.equals(ggufName)) {
          return m;
        }
      }
      throw new TokenizerException(
          "tokenizer.ggml.model '"
              + ggufName
              + "' is not supported; gpt2 (byte-level BPE) and llama (SentencePiece) are");
    }
  }

  /**
   * Ids of the tokens with a role; null where there is none.
   *
   * @param bos begin of text
   * @param eos end of text
   * @param unknown for what no token spells
   * @param padding for padding
   */
  public record Roles(
      @Nullable Integer bos,
      @Nullable Integer eos,
      @Nullable Integer unknown,
      @Nullable Integer padding) {}

  /**
   * Copies the lists and checks that everything is there.
   *
   * @throws TokenizerException if lengths differ, a type is unknown, a token is spelled twice or
   *     too long, or a role's id is no token
   */
  public GgufVocabulary {
    tokens = List.copyOf(tokens);
    merges = List.copyOf(merges);
    int n = tokens.size();
    if (types.length != n) {
      throw new TokenizerException("there are " + n + " tokens but " + types.length + " types");
    }
    if (model == Model.SENTENCE_PIECE && scores.length != n) {
      throw new TokenizerException("there are " + n + " tokens but " + scores.length + " scores");
    }
    for (int id = 0; id < n; id++) {
      if (types[id] < NORMAL || types[id] > BYTE) {
        throw new TokenizerException("token " + id + " has the unknown type " + types[id]);
      }
      if (tokens.get(id).length() > MAX_TOKEN_CHARS) {
        throw new TokenizerException(
            "token "
                + id
                + " has "
                + tokens.get(id).length()
                + " characters; at most "
                + MAX_TOKEN_CHARS
                + " are accepted");
      }
    }
    requireToken("bos", roles.bos(), n);
    requireToken("eos", roles.eos(), n);
    requireToken("unknown", roles.unknown(), n);
    requireToken("padding", roles.padding(), n);
  }

  private static void requireToken(String role, @Nullable Integer id, int count) {
    if (id != null && (id < 0 || id >= count)) {
      throw new TokenizerException(
          "the " + role + " token has id " + id + ", but there are " + count + " tokens");
    }
  }

  /**
   * The tokenizer files of a Hugging Face directory: {@code tokenizer.json}, {@code
   * tokenizer_config.json} and, if there is a template, {@code chat_template.jinja}.
   *
   * @throws TokenizerException if the pre-tokenizer is not known or two tokens are spelled the same
   */
  public Map<String, byte[]> files() {
    return GgufTokenizerFiles.of(this);
  }

  /**
   * The vocabulary of a GGUF file; empty if it has none.
   *
   * @throws TokenizerException if it is damaged, or of a kind that cannot be translated
   */
  public static Optional<GgufVocabulary> read(GgufFile file) {
    return GgufVocabularyMetadata.read(file);
  }

  /**
   * The tokenizer files of a GGUF file's vocabulary, as {@link #files()} makes them; none if it has
   * no vocabulary.
   *
   * @throws TokenizerException naming the file, if the vocabulary is damaged, or of a kind that
   *     cannot be translated
   */
  public static Map<String, byte[]> filesOf(GgufFile file) {
    Optional<GgufVocabulary> vocabulary = read(file);
    try {
      return vocabulary.map(GgufVocabulary::files).orElse(Map.of());
    } catch (TokenizerException e) {
      throw new TokenizerException(file.path() + ": its vocabulary: " + e.getMessage(), e);
    }
  }

  /** The vocabulary as key-value pairs of a GGUF file. */
  public Map<String, GgufValue> metadata() {
    return GgufVocabularyMetadata.write(this);
  }

  /**
   * The vocabulary of a directory's tokenizer.
   *
   * @param size number of ids wanted, the rows of the model's embedding; ids without a token become
   *     unused ones
   * @throws TokenizerException if the tokenizer is none that a GGUF file can hold, or has more ids
   */
  public static GgufVocabulary of(Path directory, int size) {
    return GgufTokenizerReader.read(directory, size);
  }
}
