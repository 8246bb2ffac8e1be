package dev.temper.generate.remote;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.temper.generate.FinishReason;
import dev.temper.generate.TextCompletion;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the answer to one request, whole or as a stream of events, into its choices. Servers are
 * not trusted: what is missing or has another type is one clear error.
 */
final class AnswerReader implements Receiver {
  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(100).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Receives text and, where the server sends them, ids as they arrive. */
  @FunctionalInterface
  interface Deltas {
    /** Returns false to end the choice. */
    boolean onDelta(int choice, String text, List<Integer> ids);
  }

  private final Protocol protocol;
  private final int asked;
  private final boolean logProbs;
  private final boolean ids;
  private final Deltas deltas;
  private final List<Choice> choices = new ArrayList<>();
  private final ByteArrayOutputStream whole = new ByteArrayOutputStream();
  private @Nullable EventParser events;
  private boolean delivered;
  private boolean enough;
  private boolean done;
  private boolean closed;
  private @Nullable RuntimeException failure;

  /**
   * A reader.
   *
   * @param asked choices asked for; a server may give fewer, at least one
   * @param logProbs whether each choice must have log-probabilities
   * @param ids whether each choice must have token ids
   */
  AnswerReader(Protocol protocol, int asked, boolean logProbs, boolean ids, Deltas deltas) {
    this.protocol = protocol;
    this.asked = asked;
    this.logProbs = logProbs;
    this.ids = ids;
    this.deltas = deltas;
  }

  /** The choices so far; what arrives later is not read. */
  synchronized List<Choice> choices() {
    closed = true;
    return List.copyOf(choices);
  }

  @Override
  public synchronized void begin(boolean eventStream) {
    choices.clear();
    whole.reset();
    events = eventStream ? new EventParser(this::event) : null;
    done = false;
  }

  @Override
  public synchronized void piece(byte[] bytes) {
    if (closed) {
      return;
    }
    try {
      if (events != null) {
        events.accept(bytes);
      } else {
        whole.writeBytes(bytes);
      }
    } catch (RuntimeException e) {
      failure = e;
      throw e;
    }
  }

  @Override
  public synchronized void end() {
    if (events != null) {
      events.end();
    } else {
      JsonNode answer = parse(whole.toByteArray());
      refuseError(answer);
      JsonNode list = answer.path("choices");
      if (!list.isArray() || list.isEmpty()) {
        throw wrong("has no choices");
      }
      for (JsonNode choice : list) {
        take(choice, false);
      }
    }
    for (int i = 0; i < choices.size(); i++) {
      Choice c = choices.get(i);
      if (c.reason == null && !c.cancelled) {
        throw wrong("ends before choice " + i + " is finished");
      }
      if (logProbs && c.tokens.isEmpty() && c.text.length() > 0) {
        throw wrong("has no log-probabilities though they were asked for");
      }
      if (ids && c.ids.isEmpty() && c.text.length() > 0) {
        throw wrong(
            "has no token_ids: this server cannot return them (vLLM 0.10.2 and later can); use"
                + " OpenAiClient");
      }
    }
    if (choices.isEmpty()) {
      throw wrong("has no choices");
    }
  }

  @Override
  public synchronized boolean delivered() {
    return delivered;
  }

  @Override
  public synchronized @Nullable RuntimeException failure() {
    return failure;
  }

  @Override
  public synchronized boolean enough() {
    return enough;
  }

  private void event(String data) {
    if (done || data.isBlank()) {
      return;
    }
    if (data.strip().equals("[DONE]")) {
      done = true;
      return;
    }
    JsonNode chunk = parse(data.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    refuseError(chunk);
    JsonNode list = chunk.path("choices");
    if (!list.isArray()) {
      throw wrong("has an event without choices");
    }
    for (JsonNode choice : list) {
      take(choice, true);
    }
    if (!choices.isEmpty()
        && choices.size() == asked
        && choices.stream().allMatch(c -> c.cancelled)) {
      enough = true;
      throw new Enough();
    }
  }

  private void take(JsonNode node, boolean streamed) {
    int index = index(node);
    while (choices.size() <= index) {
      choices.add(new Choice());
    }
    Choice choice = choices.get(index);
    String text = text(node, streamed);
    List<Integer> newIds = ids(node);
    List<TextCompletion.Token> newTokens = tokens(node.path("logprobs"));
    JsonNode reason = node.path("finish_reason");
    if (choice.cancelled) {
      return;
    }
    choice.tokens.addAll(newTokens);
    choice.text.append(text);
    choice.ids.addAll(newIds);
    if (reason.isTextual()) {
      choice.reason = reason(reason.textValue(), node.path("stop_reason"));
    } else if (!reason.isNull() && !reason.isMissingNode()) {
      throw wrong("has a finish_reason that is " + shown(reason));
    }
    if (!text.isEmpty() || !newIds.isEmpty()) {
      delivered = true;
      choice.cancelled = !deltas.onDelta(index, text, newIds) && choice.reason == null;
    }
  }

  private int index(JsonNode node) {
    JsonNode index = node.path("index");
    int value = index.isMissingNode() ? 0 : index.isIntegralNumber() ? index.asInt(-1) : -1;
    if (value < 0 || value >= asked) {
      throw wrong("has a choice with index " + shown(index) + "; " + asked + " were asked for");
    }
    return value;
  }

  private String text(JsonNode node, boolean streamed) {
    JsonNode holder = protocol == Protocol.TEXT ? node : node.path(streamed ? "delta" : "message");
    JsonNode text = holder.path(protocol == Protocol.TEXT ? "text" : "content");
    if (text.isTextual()) {
      return text.textValue();
    }
    boolean mayBeAbsent = streamed || (protocol == Protocol.CHAT && holder.isObject());
    if (mayBeAbsent && (text.isNull() || text.isMissingNode())) {
      return "";
    }
    throw wrong("has a choice whose text is " + shown(text));
  }

  private List<Integer> ids(JsonNode node) {
    List<Integer> out = new ArrayList<>();
    JsonNode list = node.path("token_ids");
    if (ids && !list.isNull() && !list.isMissingNode()) {
      for (JsonNode id : list) {
        if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
          throw wrong("has a token id that is " + shown(id));
        }
        out.add(id.intValue());
      }
    }
    return out;
  }

  private List<TextCompletion.Token> tokens(JsonNode node) {
    List<TextCompletion.Token> out = new ArrayList<>();
    if (!logProbs || node.isNull() || node.isMissingNode()) {
      return out;
    }
    if (node.path("content").isArray()) { // the shape of chats
      for (JsonNode token : node.path("content")) {
        out.add(token(token.path("token"), token.path("logprob")));
      }
    } else if (node.path("tokens").isArray()) { // the shape of completions
      JsonNode values = node.path("token_logprobs");
      if (values.size() != node.path("tokens").size()) {
        throw wrong(
            "has "
                + values.size()
                + " log-probabilities for "
                + node.path("tokens").size()
                + " tokens");
      }
      for (int i = 0; i < values.size(); i++) {
        out.add(token(node.path("tokens").get(i), values.get(i)));
      }
    } else if (!node.path("content").isNull()) {
      throw wrong("has logprobs of an unknown shape");
    }
    return out;
  }

  private TextCompletion.Token token(JsonNode text, JsonNode logProb) {
    if (!text.isTextual() || !logProb.isNumber() || !Double.isFinite(logProb.doubleValue())) {
      throw wrong("has a token " + shown(text) + " with the log-probability " + shown(logProb));
    }
    return new TextCompletion.Token(text.textValue(), logProb.doubleValue());
  }

  private FinishReason reason(String reason, JsonNode stopReason) {
    return switch (reason) {
      case "stop", "tool_calls", "function_call", "eos", "eos_token" ->
          stopReason.isTextual() ? FinishReason.STOP_STRING : FinishReason.STOP_TOKEN;
      case "stop_sequence" -> FinishReason.STOP_STRING;
      case "length" -> FinishReason.LENGTH;
      case "content_filter" -> FinishReason.FILTERED;
      case "abort" -> FinishReason.CANCELLED;
      default -> throw wrong("has the unknown finish_reason \"" + Excerpt.of(reason, 40) + "\"");
    };
  }

  private void refuseError(JsonNode answer) {
    if (!answer.isObject()) {
      throw wrong("is " + shown(answer) + ", not an object");
    }
    if (answer.hasNonNull("error")) {
      throw new RemoteException("the server reports an error: " + Excerpt.ofError(answer));
    }
  }

  private static JsonNode parse(byte[] bytes) {
    try {
      return JSON.readTree(bytes);
    } catch (JsonProcessingException e) {
      throw wrong(
          "is not JSON ("
              + e.getOriginalMessage().lines().findFirst().orElse("")
              + "): is the base URL that of an OpenAI-compatible server?");
    } catch (java.io.IOException e) {
      throw wrong("is not JSON");
    }
  }

  private static String shown(JsonNode node) {
    return node.isMissingNode() ? "missing" : Excerpt.of(node.toString(), 60);
  }

  private static RemoteException wrong(String what) {
    return new RemoteException("the server's answer " + what);
  }

  /** Ends a stream nobody listens to any more. */
  private static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Enough() {
      super("enough", null, false, false);
    }
  }
}
