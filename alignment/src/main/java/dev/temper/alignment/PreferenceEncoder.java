package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.data.BinaryRow;
import dev.temper.data.ChatContext;
import dev.temper.data.DataException;
import dev.temper.data.Origin;
import dev.temper.data.PairRow;
import dev.temper.data.Passage;
import dev.temper.data.RowInfo;
import dev.temper.sft.PassageEncoder;
import dev.temper.text.PromptCompletion;
import dev.temper.text.Tokenizer;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Turns rows with judged completions into token ids, by TRL's conventions ({@link PassageEncoder}).
 *
 * <p>A completion begins where the ids of the prompt alone and of prompt and completion part; for a
 * pair, where they first part for one of the two, so that both completions continue the same ids.
 * That is not always after the prompt: a token may reach across the border, and then belongs to the
 * completions.
 */
public final class PreferenceEncoder {
  private final PassageEncoder passages;
  private final int vocabulary;

  /**
   * An encoder.
   *
   * @param tokenizer gives the model's tokenizer, the same one every time
   * @param vocabulary token ids are below this
   */
  public PreferenceEncoder(Supplier<Tokenizer> tokenizer, int vocabulary) {
    this.passages = new PassageEncoder(tokenizer);
    this.vocabulary = vocabulary;
  }

  /**
   * The pair of a row, uncut.
   *
   * @throws DataException naming file and line if the row cannot be used
   */
  public PairExample encode(PairRow row) {
    Origin origin = row.origin();
    requireNoWeight(row.info());
    PromptCompletion chosen = encode(row.prompt(), row.chosen(), row.context(), origin, "chosen");
    PromptCompletion rejected =
        encode(row.prompt(), row.rejected(), row.context(), origin, "rejected");
    int shared = Math.min(chosen.promptLength(), rejected.promptLength());
    int[] prompt = Arrays.copyOf(chosen.ids(), shared);
    double margin = row.scores().margin().orElse(0);
    if (!Double.isFinite(margin)) {
      throw new DataException(
          origin, "column \"margin\" is " + margin + "; it must be a finite number");
    }
    return new PairExample(
        nonEmpty(prompt, "prompt", origin),
        nonEmpty(rest(chosen, shared), "chosen", origin),
        nonEmpty(rest(rejected, shared), "rejected", origin),
        margin,
        row.scores().chosen().orElse(Double.NaN),
        row.scores().rejected().orElse(Double.NaN),
        origin);
  }

  /**
   * The labelled completion of a row, uncut. A number in the column {@code score} is its score.
   *
   * @throws DataException naming file and line if the row cannot be used
   */
  public LabelledExample encode(BinaryRow row) {
    Origin origin = row.origin();
    requireNoWeight(row.info());
    PromptCompletion encoded =
        encode(row.prompt(), row.completion(), row.context(), origin, "completion");
    return new LabelledExample(
        nonEmpty(encoded.prompt(), "prompt", origin),
        nonEmpty(encoded.completion(), "completion", origin),
        row.label(),
        row.info().extras().get("score") instanceof Number score ? score.doubleValue() : Double.NaN,
        origin);
  }

  private PromptCompletion encode(
      Passage prompt, Passage completion, ChatContext context, Origin origin, String column) {
    try {
      PromptCompletion encoded = passages.encode(prompt, completion, context);
      for (int id : encoded.ids()) {
        if (id >= vocabulary) {
          throw new DataException(
              origin,
              "token id "
                  + id
                  + " of \"prompt\" and \""
                  + column
                  + "\" is outside the model's vocabulary of "
                  + vocabulary
                  + ": does the tokenizer belong to the model?");
        }
      }
      return encoded;
    } catch (DataException e) {
      throw e;
    } catch (UserException e) {
      throw new DataException(origin, column + ": " + e.getMessage(), e);
    }
  }

  private static int[] rest(PromptCompletion encoded, int from) {
    return Arrays.copyOfRange(encoded.ids(), from, encoded.ids().length);
  }

  private static int[] nonEmpty(int[] ids, String column, Origin origin) {
    if (ids.length == 0) {
      throw new DataException(
          origin,
          column.equals("prompt")
              ? "the prompt has no token that the completions do not change: give a prompt, or a"
                  + " tokenizer with a token for the beginning of a text"
              : "\"" + column + "\" has no token: an empty completion cannot be scored");
    }
    return ids;
  }

  private static void requireNoWeight(RowInfo info) {
    if (info.weight() != 1) {
      throw new DataException(
          info.origin(),
          "column \"weight\" is "
              + info.weight()
              + ": preference losses do not weigh rows; leave the column out, or repeat rows");
    }
  }
}
