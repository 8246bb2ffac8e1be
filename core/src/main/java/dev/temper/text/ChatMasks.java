package dev.temper.text;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * From a rendered chat to token weights.
 *
 * <p>A message's tokens are those of its content; its end-of-turn token follows {@link EndOfTurn}. Headers and separators are not trained,
 * except where a template's {@code {% generation %}} block covers them.
 */
final class ChatMasks {
  private final Tokenizer tokenizer;
  private final TrainOn trainOn;
  private final EndOfTurn endOfTurn;
  private final BorderTokens borderTokens;

  ChatMasks(Tokenizer tokenizer, TrainOn trainOn, EndOfTurn endOfTurn, BorderTokens borderTokens) {
    this.tokenizer = tokenizer;
    this.trainOn = trainOn;
    this.endOfTurn = endOfTurn;
    this.borderTokens = borderTokens;
  }

  EncodedChat encode(Transcript chat) {
    Transcript.Rendered rendered = chat.render(Map.of());
    Encoding encoding = tokenizer.encode(rendered.text());
    List<TrainOn.Turn> turns = chat.turns();
    float[] turnWeights = new float[turns.size()];
    Set<Integer> wanted = new LinkedHashSet<>();
    int lastAssistant = -1;
    for (int i = 0; i < turns.size(); i++) {
      turnWeights[i] = trainOn.weight(turns, i);
      if (turnWeights[i] != 0 || endOfTurn == EndOfTurn.ALL) {
        wanted.add(i);
      }
      if (turns.get(i).role().equals(TrainOn.ASSISTANT)) {
        lastAssistant = i;
      }
    }
    if (trainsGenerationAsMarked(chat, rendered, turnWeights)) {
      return asMarked(rendered, encoding);
    }
    float[] weights = new float[encoding.length()];
    List<EncodedChat.TurnTokens> places = new ArrayList<>();
    for (TurnFinder.Place place : new TurnFinder(chat, tokenizer.addedTokens(), rendered).find(wanted).values()) {
      float weight = turnWeights[place.message()];
      places.add(turn(encoding, weights, place, weight, place.message() == lastAssistant));
    }
    return new EncodedChat(rendered.text(), encoding.ids(), weights, places);
  }

  /**
   * Whether the markers alone give the answer: all assistant messages and nothing else, end of turn as marked. Then blocks and messages
   * need not be paired, which they cannot be where a template writes one block for two messages.
   */
  private boolean trainsGenerationAsMarked(Transcript chat, Transcript.Rendered rendered, float[] turnWeights) {
    if (!chat.marksGeneration() || endOfTurn != EndOfTurn.TRAINED_TURNS) {
      return false;
    }
    long assistants = chat.turns().stream().filter(t -> t.role().equals(TrainOn.ASSISTANT)).count();
    if (rendered.generation().stream().filter(s -> s.length() > 0).count() == assistants) {
      return false;
    }
    for (int i = 0; i < turnWeights.length; i++) {
      if (turnWeights[i] != (chat.turns().get(i).role().equals(TrainOn.ASSISTANT) ? 1 : 0)) {
        return false;
      }
    }
    return true;
  }

  private EncodedChat asMarked(Transcript.Rendered rendered, Encoding encoding) {
    float[] weights = new float[encoding.length()];
    for (Span span : rendered.generation()) {
      paint(encoding, weights, span, 1, -1);
    }
    return new EncodedChat(rendered.text(), encoding.ids(), weights, List.of());
  }

  private EncodedChat.TurnTokens turn(Encoding encoding, float[] weights, TurnFinder.Place place, float weight, boolean lastAssistant) {
    int message = place.message();
    int end = place.end().map(e -> tokenOf(encoding, e)).orElse(-1);
    int[] range = paint(encoding, weights, place.body(), weight, message);
    if (end < 0) {
      boolean needed = endOfTurn == EndOfTurn.TRAINED_TURNS || (endOfTurn == EndOfTurn.LAST && lastAssistant);
      if (weight != 0 && needed) {
        throw new ChatMaskException(
            message, "no end-of-turn token follows it, so the model would not learn to stop; choose EndOfTurn.NONE, or a template that ends turns with a special token");
      }
      return new EncodedChat.TurnTokens(message, range[0], range[1], -1);
    }
    weights[end] =
        switch (endOfTurn) {
          case TRAINED_TURNS -> weight;
          case NONE -> 0;
          case ALL -> 1;
          case LAST -> lastAssistant ? weight : 0;
        };
    boolean empty = range[0] == range[1];
    return new EncodedChat.TurnTokens(message, empty ? end : Math.min(range[0], end), Math.max(range[1], end + 1), end);
  }

  /** The index of the end-of-turn token, or -1 if the tokenizer makes something else of that text. */
  private static int tokenOf(Encoding encoding, TurnFinder.End end) {
    for (int t = 0; t < encoding.length(); t++) {
      if (encoding.ids()[t] == end.token().id() && TokenMask.overlaps(encoding.starts()[t], encoding.ends()[t], end.span())) {
        return t;
      }
    }
    return -1;
  }

  /** Weights the tokens of a range; gives the first and the past-last of them. */
  private int[] paint(Encoding encoding, float[] weights, Span span, float weight, int message) {
    TokenMask mask = TokenMask.of(encoding, List.of(span));
    int first = -1;
    int past = -1;
    for (int t = 0; t < weights.length; t++) {
      if (mask.mask()[t]) {
        first = first < 0 ? t : first;
        past = t + 1;
        weights[t] = weight;
      }
    }
    if (weight != 0) {
      mask.straddling().stream().filter(s -> !swallowsWhiteSpace(encoding, s)).forEach(s -> border(encoding, weights, s, message));
    }
    return new int[] {Math.max(first, 0), Math.max(past, 0)};
  }

  private void border(Encoding encoding, float[] weights, TokenMask.Straddle straddle, int message) {
    int token = straddle.token();
    if (borderTokens == BorderTokens.SKIP) {
      weights[token] = 0;
    } else if (borderTokens == BorderTokens.FAIL) {
      throw new ChatMaskException(
          Math.max(message, 0), "token " + token + " ('" + encoding.tokens()[token] + "') holds both text of the message and text outside it; "
              + "remove white space at the message's start or end, or choose BorderTokens.TRAIN (as transformers does) or SKIP");
    }
  }

  /** An added token that swallows white space after it belongs to its own side of the border. */
  private boolean swallowsWhiteSpace(Encoding encoding, TokenMask.Straddle straddle) {
    Optional<AddedToken> token = tokenizer.addedTokens().stream().filter(a -> a.id() == encoding.ids()[straddle.token()]).findFirst();
    return token.filter(a -> a.stripsRight() && straddle.covers().start() >= straddle.span().start()).isPresent();
  }
}
