package dev.temper.text;

import dev.temper.text.jinja.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** From the places of messages in a text to the weights of its tokens. */
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

  EncodedChat encode(ChatTemplate template, List<Message> messages, ChatTemplate.Options options) {
    RenderedChat rendered = template.render(messages, options);
    Encoding encoding = tokenizer.encode(rendered.text());
    float[] turnWeights = turnWeights(messages);
    if (followsMarkers(template, rendered, messages, turnWeights)) {
      return asMarked(rendered, encoding);
    }
    Set<Integer> wanted = new TreeSet<>();
    int lastAssistant = -1;
    for (int i = 0; i < messages.size(); i++) {
      if (turnWeights[i] != 0 || endOfTurn == EndOfTurn.ALL) {
        wanted.add(i);
      }
      if (messages.get(i).role().equals(TrainOn.ASSISTANT)) {
        lastAssistant = i;
      }
    }
    float[] weights = new float[encoding.length()];
    List<EncodedChat.TurnTokens> turns = new ArrayList<>();
    ChatTurns finder =
        new ChatTurns(template, messages, options, rendered, tokenizer.addedTokens());
    for (ChatTurns.Place place : finder.find(wanted).values()) {
      turns.add(
          weigh(
              encoding,
              weights,
              place,
              turnWeights[place.message()],
              place.message() == lastAssistant));
    }
    return new EncodedChat(rendered.text(), encoding.ids(), weights, turns);
  }

  private float[] turnWeights(List<Message> messages) {
    List<TrainOn.Turn> turns =
        messages.stream().map(m -> new TrainOn.Turn(m.role(), (float) m.weight())).toList();
    float[] weights = new float[turns.size()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = trainOn.weight(turns, i);
      if (!(weights[i] >= 0) || Float.isInfinite(weights[i])) {
        throw new IllegalArgumentException(
            "TrainOn must give finite weights of at least 0; message " + i + " got " + weights[i]);
      }
    }
    return weights;
  }

  /**
   * Whether the template's markers alone give the answer: all assistant messages, nothing else, end
   * of turn as marked. Then blocks and messages need not be paired, which they cannot be where a
   * template writes several messages as one block.
   */
  private boolean followsMarkers(
      ChatTemplate template, RenderedChat rendered, List<Message> messages, float[] turnWeights) {
    if (!template.hasGenerationMarkers() || endOfTurn != EndOfTurn.TRAINED_TURNS) {
      return false;
    }
    int assistants = 0;
    for (int i = 0; i < turnWeights.length; i++) {
      boolean assistant = messages.get(i).role().equals(TrainOn.ASSISTANT);
      assistants += assistant ? 1 : 0;
      if (turnWeights[i] != (assistant ? 1 : 0)) {
        return false;
      }
    }
    return rendered.generationSpans().stream().filter(s -> s.length() > 0).count() != assistants;
  }

  private EncodedChat asMarked(RenderedChat rendered, Encoding encoding) {
    float[] weights = new float[encoding.length()];
    for (int block = 0; block < rendered.generationSpans().size(); block++) {
      paint(encoding, weights, rendered.generationSpans().get(block), 1, block, "generated block");
    }
    return new EncodedChat(rendered.text(), encoding.ids(), weights, List.of());
  }

  private EncodedChat.TurnTokens weigh(
      Encoding encoding,
      float[] weights,
      ChatTurns.Place place,
      float weight,
      boolean lastAssistant) {
    int[] range = paint(encoding, weights, place.body(), weight, place.message(), "message");
    if (place.end().length() == 0) {
      boolean needed =
          endOfTurn == EndOfTurn.TRAINED_TURNS || (endOfTurn == EndOfTurn.LAST && lastAssistant);
      if (weight != 0 && needed) {
        throw new ChatMaskException(
            place.message(),
            "no end-of-turn token follows it, so the model would not learn to stop; choose EndOfTurn.NONE, or a template that ends turns with a special token");
      }
      return new EncodedChat.TurnTokens(place.message(), range[0], range[1], -1);
    }
    float endWeight =
        switch (endOfTurn) {
          case TRAINED_TURNS -> weight;
          case NONE -> 0;
          case ALL -> 1;
          case LAST -> lastAssistant ? weight : 0;
        };
    boolean[] end = TokenMask.of(encoding, List.of(place.end())).mask();
    int first = range[0];
    int past = range[1];
    int endToken = -1;
    for (int t = 0; t < end.length; t++) {
      if (end[t]) {
        if (endWeight != weight
            && encoding.starts()[t] < place.end().start()
            && !ofMarker(encoding, t)) {
          throw border(place.message(), "message", encoding, t);
        }
        weights[t] = endWeight;
        endToken = endToken < 0 ? t : endToken;
        past = Math.max(past, t + 1);
      }
    }
    return new EncodedChat.TurnTokens(
        place.message(), first < 0 ? endToken : first, past, endToken);
  }

  /**
   * Weights the tokens of a range; gives the first of them (-1 if there are none) and the
   * past-last.
   */
  private int[] paint(
      Encoding encoding, float[] weights, Span span, float weight, int index, String what) {
    TokenMask mask = TokenMask.of(encoding, List.of(span));
    int first = -1;
    int past = 0;
    for (int t = 0; t < weights.length; t++) {
      if (mask.mask()[t]) {
        first = first < 0 ? t : first;
        past = t + 1;
        weights[t] = weight;
      }
    }
    if (weight != 0) {
      for (TokenMask.Straddle straddle : mask.straddling()) {
        int t = straddle.token();
        if (straddle.covers().start() >= span.start() && ofMarker(encoding, t)) {
          continue; // an added token that swallows the white space behind it
        }
        if (borderTokens == BorderTokens.FAIL) {
          throw border(index, what, encoding, t);
        }
        weights[t] = borderTokens == BorderTokens.SKIP ? 0 : weight;
      }
    }
    return new int[] {first, past};
  }

  private boolean ofMarker(Encoding encoding, int token) {
    return tokenizer.addedTokens().stream().anyMatch(a -> a.id() == encoding.ids()[token]);
  }

  private static ChatMaskException border(int index, String what, Encoding encoding, int token) {
    return new ChatMaskException(
        index,
        "token "
            + token
            + " ('"
            + encoding.tokens()[token]
            + "') holds both text of the "
            + what
            + " and text beside it; "
            + "remove white space at its start or end, or choose BorderTokens.TRAIN (as transformers does) or SKIP");
  }
}
