package dev.temper.text;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face tokenizer (tokenizer.json).
 *
 * <p>Text comes back whole and unpadded: truncation, padding and BPE dropout written in the file
 * are switched off, and no special token is added unless {@link AddSpecialTokens#YES} asks for it.
 * Ids are those of the {@code tokenizers} library; transformers' wrapper classes for Llama deviate
 * from the file for texts that start with spaces.
 *
 * <p>Half surrogate pairs, which are not Unicode text, are read as U+FFFD. Safe for use by several
 * threads. Close it when done.
 *
 * <p>Files are untrusted: what could crash native code is refused with a {@link
 * TokenizerException}. One thing cannot be found out in advance: a split pattern that needs
 * polynomial time and a text made to trigger it.
 */
public final class Tokenizer implements AutoCloseable {
  private final TokenizerFiles files;
  private final Vocabulary vocabulary;
  private final List<AddedToken> addedTokens;
  private final SpecialTokens specialTokens;
  private final Map<String, String> chatTemplates;
  private final NativeTokenizer tokenizer;
  private @Nullable NativeTokenizer plain;
  private boolean closed;

  private Tokenizer(TokenizerFiles files) {
    this.files = files;
    TokenizerJson json = files.tokenizerJson();
    vocabulary = json.vocabulary();
    addedTokens = json.addedTokens();
    specialTokens = files.specialTokens(vocabulary);
    chatTemplates = files.chatTemplates();
    json.requireNormalForms();
    tokenizer = new NativeTokenizer(json.nativeJson());
  }

  /**
   * Loads the tokenizer of a model directory: tokenizer.json and, where present,
   * tokenizer_config.json, special_tokens_map.json and chat_template.jinja.
   *
   * @throws TokenizerException if a file is missing, too large, malformed, or refused
   */
  public static Tokenizer load(Path modelDirectory) {
    return new Tokenizer(TokenizerFiles.load(modelDirectory));
  }

  /**
   * Loads a single tokenizer.json; no special-token roles and no chat template are known.
   *
   * @throws TokenizerException if the file is missing, too large, malformed, or refused
   */
  public static Tokenizer fromJson(Path tokenizerJson) {
    return new Tokenizer(
        TokenizerFiles.of(
            Json.read(tokenizerJson, TokenizerJson.MAX_BYTES), tokenizerJson.toString()));
  }

  /**
   * Loads a tokenizer.json held in memory (UTF-8).
   *
   * @throws TokenizerException if it is too large, malformed, or refused
   */
  public static Tokenizer fromJson(byte[] tokenizerJson) {
    return new Tokenizer(TokenizerFiles.of(tokenizerJson, "tokenizer.json"));
  }

  /**
   * Loads a tokenizer whose files are held in memory.
   *
   * @param files names as in a model directory to contents; tokenizer.json must be there
   * @param where what they were made from, for messages
   * @throws TokenizerException if one is missing, too large, malformed, or refused
   */
  public static Tokenizer fromFiles(Map<String, byte[]> files, String where) {
    if (!files.containsKey("tokenizer.json")) {
      throw new TokenizerException(where + " has no tokenizer.json");
    }
    return new Tokenizer(new TokenizerFiles(Map.copyOf(files), where));
  }

  /**
   * Ids of a text, no special tokens added. Cheaper than {@link #encode(String)} where spans are
   * not needed.
   */
  public int[] ids(String text) {
    return tokenizer.ids(text, AddSpecialTokens.NO);
  }

  /** Ids of a text. */
  public int[] ids(String text, AddSpecialTokens special) {
    return tokenizer.ids(text, special);
  }

  /** Tokens of a text with their spans, no special tokens added. */
  public Encoding encode(String text) {
    return tokenizer.encode(text, AddSpecialTokens.NO);
  }

  /** Tokens of a text with their spans. */
  public Encoding encode(String text, AddSpecialTokens special) {
    return tokenizer.encode(text, special);
  }

  /**
   * Tokens of a text in which special tokens are plain text: {@code <|im_end|>} typed by a user
   * does not end a turn. What transformers does with {@code split_special_tokens=True}.
   *
   * <p>Only tokens flagged {@code special} are meant; other added tokens (such as {@code
   * <tool_call>} of Qwen, {@code </s>} of Phi-3) are still recognised. The first call builds a
   * second native tokenizer.
   */
  public Encoding encodePlain(String text) {
    return plain().encode(text, AddSpecialTokens.NO);
  }

  private synchronized NativeTokenizer plain() {
    if (closed) {
      throw new IllegalStateException("this tokenizer is closed");
    }
    if (plain == null) {
      plain = new NativeTokenizer(files.tokenizerJson().plainJson());
    }
    return plain;
  }

  /**
   * Text of ids. Ids that no token has (rows added to pad an embedding matrix) give nothing; bytes
   * that are not UTF-8 give U+FFFD. Nothing is cleaned up: {@code clean_up_tokenization_spaces} is
   * not applied.
   *
   * @param skipSpecialTokens whether tokens flagged special are left out
   * @throws TokenizerException if an id is negative
   */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    return tokenizer.decode(ids, skipSpecialTokens);
  }

  /** The decoder of tokenizer.json; missing or null if it has none. */
  com.fasterxml.jackson.databind.JsonNode decoderJson() {
    return files.tokenizerJson().decoder();
  }

  /** A decoder that gives text while ids arrive. It is for one sequence and one thread. */
  public StreamingDecoder streamingDecoder(boolean skipSpecialTokens) {
    return new StreamingDecoder(ids -> decode(ids, skipSpecialTokens));
  }

  /**
   * The number of ids: largest id + 1, added tokens included. A model's embedding has at least as
   * many rows.
   */
  public int vocabularySize() {
    return vocabulary.size();
  }

  /**
   * The id of a token, spelled as in the vocabulary ({@code Ġthe}, {@code ▁the}, {@code
   * <|im_end|>}).
   */
  public OptionalInt tokenId(String token) {
    return vocabulary.id(token);
  }

  /** The token of an id, spelled as in the vocabulary; empty if no token has the id. */
  public Optional<String> token(int id) {
    return Optional.ofNullable(vocabulary.token(id));
  }

  /** The added tokens in file order. */
  public List<AddedToken> addedTokens() {
    return addedTokens;
  }

  /** The tokens with a role: begin and end of text, padding, unknown. */
  public SpecialTokens specialTokens() {
    return specialTokens;
  }

  /**
   * The default chat template (Jinja source): chat_template.jinja, else the config's only or
   * default template.
   */
  public Optional<String> chatTemplateSource() {
    return Optional.ofNullable(
        chatTemplates.size() == 1
            ? chatTemplates.values().iterator().next()
            : chatTemplates.get("default"));
  }

  /**
   * All chat templates by name ({@code default}, {@code tool_use}, {@code rag}, …); empty if the
   * model has none.
   */
  public Map<String, String> chatTemplateSources() {
    return Map.copyOf(chatTemplates);
  }

  /**
   * Checks that every id has a row in a model's embedding.
   *
   * @param embeddingRows rows of the embedding matrix
   * @throws TokenizerException naming both numbers and the tokens without a row
   */
  public void requireFits(long embeddingRows) {
    if (vocabularySize() <= embeddingRows) {
      return;
    }
    List<String> offending = new ArrayList<>();
    for (int id = (int) Math.max(0, embeddingRows);
        id < vocabularySize() && offending.size() < 10;
        id++) {
      String token = vocabulary.token(id);
      if (token != null) {
        offending.add("'" + token + "' (" + id + ")");
      }
    }
    throw new TokenizerException(
        "the tokenizer in "
            + files.where()
            + " has ids up to "
            + (vocabularySize() - 1)
            + " but the model's embedding has "
            + embeddingRows
            + " rows; without a row: "
            + String.join(", ", offending)
            + (vocabularySize() - embeddingRows > offending.size() ? ", …" : "")
            + ". Use the model's own tokenizer, or resize the embedding to "
            + vocabularySize()
            + " rows");
  }

  /**
   * A tokenizer that knows these tokens as well; this one stays as it is. New tokens get the next
   * ids in order; the model's embedding needs a row for each. Tokens that exist already keep their
   * ids.
   *
   * @throws TokenizerException if the ids would go beyond what is accepted
   */
  public Tokenizer withAddedTokens(List<NewToken> tokens) {
    return new Tokenizer(TokenizerExtension.extend(files, vocabulary, tokens));
  }

  /**
   * Writes the tokenizer's files, byte for byte as they were loaded, into a directory (created if
   * absent). Each file appears whole or not at all.
   */
  public void save(Path directory) {
    files.save(directory);
  }

  /** Frees native memory. Waits for calls in flight; later calls fail. */
  @Override
  public synchronized void close() {
    closed = true;
    tokenizer.close();
    if (plain != null) {
      plain.close();
    }
  }
}
