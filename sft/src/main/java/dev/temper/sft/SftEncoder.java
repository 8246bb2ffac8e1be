package dev.temper.sft;

import dev.temper.UserException;
import dev.temper.data.ChatRow;
import dev.temper.data.DataException;
import dev.temper.data.PromptCompletionRow;
import dev.temper.data.SftRow;
import dev.temper.data.TextRow;
import dev.temper.data.TokenExample;
import dev.temper.data.TokenRow;
import dev.temper.text.EncodedChat;
import dev.temper.text.PromptCompletion;
import dev.temper.text.Tokenizer;
import dev.temper.text.TrainOn;
import java.util.Arrays;
import java.util.function.Supplier;

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
  private final PassageEncoder passages;
  private final TrainOn trainOn;
  private final boolean completionOnly;

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
    this.passages = new PassageEncoder(tokenizer);
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
      return TokenExample.allTrained(passages.ended(r.text()), r.info().origin());
    }
    if (row instanceof PromptCompletionRow r) {
      return promptCompletion(r);
    }
    ChatRow r = (ChatRow) row;
    EncodedChat chat =
        passages
            .chatEncoder()
            .withTrainOn(trainOn)
            .encode(PassageEncoder.messages(r.messages()), PassageEncoder.options(r.context()));
    return new TokenExample(chat.ids(), chat.weights(), r.info().origin());
  }

  private TokenExample promptCompletion(PromptCompletionRow row) {
    PromptCompletion encoded = passages.encode(row.prompt(), row.completion(), row.context());
    float[] weights = new float[encoded.ids().length];
    Arrays.fill(weights, completionOnly ? encoded.promptLength() : 0, weights.length, 1);
    return new TokenExample(encoded.ids(), weights, row.info().origin());
  }
}
