package dev.temper.sft;

import dev.temper.UserException;
import dev.temper.data.ChatContext;
import dev.temper.data.ChatRow;
import dev.temper.data.DataException;
import dev.temper.data.Passage;
import dev.temper.data.PromptCompletionRow;
import dev.temper.data.SftRow;
import dev.temper.data.TextRow;
import dev.temper.data.TokenExample;
import dev.temper.data.TokenRow;
import dev.temper.text.AddSpecialTokens;
import dev.temper.text.ChatEncoder;
import dev.temper.text.ChatTemplate;
import dev.temper.text.EncodedChat;
import dev.temper.text.Message;
import dev.temper.text.PromptCompletion;
import dev.temper.text.SpecialTokens;
import dev.temper.text.Tokenizer;
import dev.temper.text.TrainOn;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns rows into token ids with the weight of each token in the loss.
 *
 * <p>Texts are trained whole and end with the end-of-text token, written after those that lack it;
 * prompt–completion rows are trained on the completion; chats on the messages that {@link TrainOn}
 * chooses (the assistant's, unless told otherwise). Texts, and prompts and completions that are
 * texts, get the special tokens the tokenizer puts around a text (such as {@code <s>}); chats have
 * those of their template. These are TRL's conventions.
 *
 * <p>Difference from TRL: some tokenizers do not recognise their own end-of-text token after a text
 * and would split it into letters, which TRL then trains. Here the row ends with the token.
 */
public final class SftEncoder {
  private final Supplier<Tokenizer> tokenizer;
  private final TrainOn trainOn;
  private final boolean completionOnly;
  private @Nullable ChatEncoder chats;

  /**
   * An encoder.
   *
   * @param completionOnly whether the prompts of prompt–completion rows are left out of the loss
   */
  public SftEncoder(Tokenizer tokenizer, TrainOn trainOn, boolean completionOnly) {
    this(() -> tokenizer, trainOn, completionOnly);
  }

  /**
   * An encoder that asks for the tokenizer when it needs it: rows of token ids need none.
   *
   * @param tokenizer gives the same one every time
   * @param completionOnly whether the prompts of prompt–completion rows are left out of the loss
   */
  public SftEncoder(Supplier<Tokenizer> tokenizer, TrainOn trainOn, boolean completionOnly) {
    this.tokenizer = tokenizer;
    this.trainOn = trainOn;
    this.completionOnly = completionOnly;
  }

  /**
   * The example of a row.
   *
   * @throws DataException naming file and line if the row cannot be encoded
   */
  public TokenExample encode(SftRow row) {
    try {
      TokenExample example = encodeRow(row);
      return example.weighted(row.info().weight());
    } catch (DataException e) {
      throw e;
    } catch (UserException e) {
      throw new DataException(row.info().origin(), String.valueOf(e.getMessage()), e);
    }
  }

  private TokenExample encodeRow(SftRow row) {
    if (row instanceof TokenRow r) {
      return r.example();
    }
    if (row instanceof TextRow r) {
      return TokenExample.allTrained(endedIds(r.text()), r.info().origin());
    }
    if (row instanceof PromptCompletionRow r) {
      return promptCompletion(r);
    }
    ChatRow r = (ChatRow) row;
    EncodedChat chat = chatEncoder().encode(messages(r.messages()), options(r.context()));
    return new TokenExample(chat.ids(), chat.weights(), r.info().origin());
  }

  private TokenExample promptCompletion(PromptCompletionRow row) {
    PromptCompletion encoded;
    if (row.prompt() instanceof Passage.Text prompt
        && row.completion() instanceof Passage.Text completion) {
      encoded = textCompletion(prompt.text(), completion.text());
    } else {
      encoded =
          chatEncoder()
              .promptCompletion(
                  messages(((Passage.Messages) row.prompt()).messages()),
                  messages(((Passage.Messages) row.completion()).messages()),
                  options(row.context()),
                  PromptCompletion.PrefixMismatch.SHARED_PREFIX);
    }
    float[] weights = new float[encoded.ids().length];
    Arrays.fill(weights, completionOnly ? encoded.promptLength() : 0, weights.length, 1);
    return new TokenExample(encoded.ids(), weights, row.info().origin());
  }

  private PromptCompletion textCompletion(String prompt, String completion) {
    int[] promptIds = tokenizer.get().ids(prompt, AddSpecialTokens.YES);
    int[] ids = endedIds(prompt + completion);
    int differs = Arrays.mismatch(promptIds, ids);
    return new PromptCompletion(ids, differs < 0 ? ids.length : differs);
  }

  /** Ids of a text with special tokens around it and the end-of-text token after it. */
  private int[] endedIds(String text) {
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

  private ChatEncoder chatEncoder() {
    if (chats == null) {
      chats = ChatEncoder.of(tokenizer.get()).withTrainOn(trainOn);
    }
    return chats;
  }

  private static List<Message> messages(List<Map<String, Object>> rows) {
    return rows.stream().map(Message::of).toList();
  }

  private static ChatTemplate.Options options(ChatContext context) {
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
