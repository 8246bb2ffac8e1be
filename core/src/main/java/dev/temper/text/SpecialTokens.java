package dev.temper.text;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The tokens with a role of their own, from tokenizer_config.json and special_tokens_map.json (the
 * first wins).
 *
 * @param beginOfText {@code bos_token}, or null
 * @param endOfText {@code eos_token}, or null
 * @param padding {@code pad_token}, or null
 * @param unknown {@code unk_token}, or null
 */
public record SpecialTokens(
    @Nullable Token beginOfText,
    @Nullable Token endOfText,
    @Nullable Token padding,
    @Nullable Token unknown) {

  /** No special token is known. */
  public static final SpecialTokens NONE = new SpecialTokens(null, null, null, null);

  /**
   * A special token.
   *
   * @param content its text
   * @param id its id
   */
  public record Token(String content, int id) {}

  /** The {@code bos_token}. */
  public Optional<Token> bos() {
    return Optional.ofNullable(beginOfText);
  }

  /** The {@code eos_token}. */
  public Optional<Token> eos() {
    return Optional.ofNullable(endOfText);
  }

  /** The {@code pad_token}. */
  public Optional<Token> pad() {
    return Optional.ofNullable(padding);
  }

  /** The {@code unk_token}. */
  public Optional<Token> unk() {
    return Optional.ofNullable(unknown);
  }

  /**
   * The tokens that are known, by the names chat templates use: {@code bos_token}, {@code
   * eos_token}, {@code pad_token}, {@code unk_token}.
   */
  public Map<String, String> templateVariables() {
    Map<String, String> result = new LinkedHashMap<>();
    bos().ifPresent(t -> result.put("bos_token", t.content()));
    eos().ifPresent(t -> result.put("eos_token", t.content()));
    pad().ifPresent(t -> result.put("pad_token", t.content()));
    unk().ifPresent(t -> result.put("unk_token", t.content()));
    return result;
  }
}
