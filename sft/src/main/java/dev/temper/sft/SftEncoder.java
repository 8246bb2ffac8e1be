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
import dev.temper.text.ChatEncoder;
import dev.temper.text.ChatTemplate;
import dev.temper.text.EncodedChat;
import dev.temper.text.Message;
import dev.temper.text.PromptCompletion;
import dev.temper.text.Tokenizer;
import dev.temper.text.TrainOn;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns rows into token ids with the weight of each token in the loss.
 *
 * <p>Texts are trained whole and get an end-of-text token if they lack it; prompt–completion rows
 * are trained on the completion; chats on the messages that {@link TrainOn} chooses (the
 * assistant's, unless told otherwise). These are TRL's conventions.
 */
public final class SftEncoder {
  private final Tokenizer tokenizer;
  private final TrainOn trainOn;
  private final boolean completionOnly;
  private @Nullable ChatEncoder chats;

  /**
   * An encoder.
   *
   * @param completionOnly whether the prompts of prompt–completion rows are left out of the loss
   */
  public SftEncoder(Tokenizer tokenizer, TrainOn trainOn, boolean completionOnly) {
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
      return TokenExample.allTrained(withEnd(tokenizer.ids(r.text())), r.info().origin());
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
      PromptCompletion open =
          PromptCompletion.encode(
              tokenizer,
              prompt.text(),
              prompt.text() + completion.text(),
              PromptCompletion.PrefixMismatch.SHARED_PREFIX);
      encoded = new PromptCompletion(withEnd(open.ids()), open.promptLength());
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

  private int[] withEnd(int[] ids) {
    if (tokenizer.specialTokens().eos().isEmpty()) {
      return ids;
    }
    int eos = tokenizer.specialTokens().eos().get().id();
    if (ids.length > 0 && ids[ids.length - 1] == eos) {
      return ids;
    }
    int[] out = Arrays.copyOf(ids, ids.length + 1);
    out[ids.length] = eos;
    return out;
  }

  private ChatEncoder chatEncoder() {
    if (chats == null) {
      chats = ChatEncoder.of(tokenizer).withTrainOn(trainOn);
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
