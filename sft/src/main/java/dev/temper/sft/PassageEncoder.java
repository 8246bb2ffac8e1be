package dev.temper.sft;

import dev.temper.UserException;
import dev.temper.data.ChatContext;
import dev.temper.data.Passage;
import dev.temper.text.AddSpecialTokens;
import dev.temper.text.ChatEncoder;
import dev.temper.text.ChatTemplate;
import dev.temper.text.Message;
import dev.temper.text.PromptCompletion;
import dev.temper.text.SpecialTokens;
import dev.temper.text.Tokenizer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns a prompt and its completion into token ids by TRL's conventions, which supervised and
 * preference training share.
 *
 * <p>Texts get the special tokens the tokenizer puts around a text, and the completion ends with
 * the end-of-text token, written after those that lack it. Conversations are rendered by the chat
 * template. What the ids of the prompt alone and of prompt and completion have in common is the
 * prompt.
 */
public final class PassageEncoder {
  private final Supplier<Tokenizer> tokenizer;
  private @Nullable ChatEncoder chats;

  /**
   * An encoder that asks for the tokenizer when it needs it.
   *
   * @param tokenizer gives the same one every time
   */
  public PassageEncoder(Supplier<Tokenizer> tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * The ids of a prompt and its completion.
   *
   * @param prompt of the same kind as the completion
   * @throws UserException if the template refuses the messages
   */
  public PromptCompletion encode(Passage prompt, Passage completion, ChatContext context) {
    if (prompt instanceof Passage.Text p && completion instanceof Passage.Text c) {
      int[] promptIds = tokenizer.get().ids(p.text(), AddSpecialTokens.YES);
      int[] ids = ended(p.text() + c.text());
      int differs = Arrays.mismatch(promptIds, ids);
      return new PromptCompletion(ids, differs < 0 ? ids.length : differs);
    }
    return chatEncoder()
        .promptCompletion(
            messages(((Passage.Messages) prompt).messages()),
            messages(((Passage.Messages) completion).messages()),
            options(context),
            PromptCompletion.PrefixMismatch.SHARED_PREFIX);
  }

  /** Ids of a text with special tokens around it and the end-of-text token after it. */
  public int[] ended(String text) {
    Optional<SpecialTokens.Token> eos = tokenizer.get().specialTokens().eos();
    if (eos.isEmpty()) {
      return tokenizer.get().ids(text, AddSpecialTokens.YES);
    }
    String end = eos.get().content();
    int[] ids = tokenizer.get().ids(text.endsWith(end) ? text : text + end, AddSpecialTokens.YES);
    if (ids.length > 0 && ids[ids.length - 1] == eos.get().id()) {
      return ids;
    }
    String bare = text.endsWith(end) ? text.substring(0, text.length() - end.length()) : text;
    int[] open = tokenizer.get().ids(bare, AddSpecialTokens.YES);
    int[] closed = Arrays.copyOf(open, open.length + 1);
    closed[open.length] = eos.get().id();
    return closed;
  }

  ChatEncoder chatEncoder() {
    if (chats == null) {
      chats = ChatEncoder.of(tokenizer.get());
    }
    return chats;
  }

  static List<Message> messages(List<Map<String, Object>> rows) {
    return rows.stream().map(Message::of).toList();
  }

  static ChatTemplate.Options options(ChatContext context) {
    ChatTemplate.Options options = ChatTemplate.Options.DEFAULT;
    if (!context.tools().isEmpty()) {
      options = options.withTools(context.tools());
    }
    Map<String, Object> variables = new LinkedHashMap<>();
    context
        .templateKwargs()
        .forEach(
            (k, v) -> {
              if (v != null) {
                variables.put(k, v);
              }
            });
    return options.withVariables(variables);
  }
}
