package dev.temper.generate.remote;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.generate.FinishReason;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.TextCompletion;
import dev.temper.generate.TextGenerator;
import dev.temper.generate.TextListener;
import dev.temper.text.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Generates with a server that speaks OpenAI's protocol, over {@code /chat/completions} and {@code
 * /completions}.
 *
 * <p>Each prompt is one request for all its completions; a server that gives fewer than asked for
 * is asked again for the rest. Requests run side by side up to {@link RemoteSettings#concurrency};
 * what waits is a number, not a queue that grows. Answers are streamed if somebody listens: the
 * listener is then called from the client's threads, one call at a time.
 *
 * <p>Seeds are derived from the options' seed, the prompt's place and the completion's; whether
 * equal seeds give equal text is the server's affair. Temperature, top-p, stop strings, length and
 * log-probabilities are OpenAI's; top-k, min-p and the repetition penalty are sent in the words of
 * vLLM and llama.cpp. Other settings are refused.
 *
 * <p>Interrupting the calling thread ends the requests: what has arrived is returned, unfinished
 * completions as {@link FinishReason#CANCELLED}, and the thread stays interrupted. Safe for use by
 * several threads.
 *
 * <pre>{@code
 * try (OpenAiClient client = OpenAiClient.open(
 *     RemoteSettings.of("https://api.openai.com/v1", "gpt-4o-mini").keyFrom("OPENAI_API_KEY"))) {
 *   client.chat(List.of(List.of(Message.user("Hello"))), GenerationOptions.maxNewTokens(64));
 * }
 * }</pre>
 */
public final class OpenAiClient implements TextGenerator, AutoCloseable {
  private final RemoteSettings settings;
  private final Transport transport;

  private OpenAiClient(RemoteSettings settings, Transport transport) {
    this.settings = settings;
    this.transport = transport;
  }

  /**
   * A client; nothing is sent yet.
   *
   * @throws UserException if the variable with the API key is not set or holds no key
   */
  public static OpenAiClient open(RemoteSettings settings) {
    return open(
        settings,
        System::getenv,
        pause -> Thread.sleep(pause.toMillis()),
        () -> ThreadLocalRandom.current().nextDouble());
  }

  static OpenAiClient open(
      RemoteSettings settings,
      UnaryOperator<@Nullable String> environment,
      Transport.Sleeper sleeper,
      DoubleSupplier jitter) {
    return new OpenAiClient(
        settings,
        new Transport(settings, ApiKey.read(settings.keyVariable(), environment), sleeper, jitter));
  }

  @Override
  public List<TextCompletion> chat(
      List<List<Message>> chats, GenerationOptions options, TextListener listener) {
    RequestBody.refuseStopTokens(options);
    List<ObjectNode> bodies = new ArrayList<>();
    for (int i = 0; i < chats.size(); i++) {
      if (chats.get(i).isEmpty()) {
        throw new UserException("chat " + i + " has no messages: give at least the user's");
      }
      ObjectNode body = body(options, listener != TextListener.none());
      RequestBody.chat(body, chats.get(i), options.logProbs());
      bodies.add(body);
    }
    return texts(Protocol.CHAT, bodies, options, listener);
  }

  @Override
  public List<TextCompletion> complete(
      List<String> prompts, GenerationOptions options, TextListener listener) {
    RequestBody.refuseStopTokens(options);
    List<ObjectNode> bodies = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      if (prompts.get(i).isEmpty()) {
        throw new UserException("prompt " + i + " is empty: give at least one character");
      }
      ObjectNode body = body(options, listener != TextListener.none());
      body.put("prompt", prompts.get(i));
      if (options.logProbs()) {
        RequestBody.logProbs(body);
      }
      bodies.add(body);
    }
    return texts(Protocol.TEXT, bodies, options, listener);
  }

  ObjectNode body(GenerationOptions options, boolean stream) {
    return RequestBody.of(settings.model(), options, stream);
  }

  private List<TextCompletion> texts(
      Protocol protocol,
      List<ObjectNode> bodies,
      GenerationOptions options,
      TextListener listener) {
    Object oneAtATime = new Object();
    List<Choice> choices =
        choices(
            protocol,
            bodies,
            options,
            false,
            (index, text, ids) -> {
              if (text.isEmpty()) {
                return true;
              }
              synchronized (oneAtATime) {
                return listener.onText(index, text);
              }
            });
    List<TextCompletion> out = new ArrayList<>();
    for (Choice c : choices) {
      out.add(new TextCompletion(out.size(), c.text.toString(), c.tokens, c.reason()));
    }
    return out;
  }

  /**
   * Sends one request for each body.
   *
   * @param deltas called with the index over all prompts
   * @return {@code completionsPerPrompt} choices for each body, in order
   */
  List<Choice> choices(
      Protocol protocol,
      List<ObjectNode> bodies,
      GenerationOptions options,
      boolean ids,
      AnswerReader.Deltas deltas) {
    int n = options.completionsPerPrompt();
    Choice[] all = new Choice[bodies.size() * n];
    for (int i = 0; i < all.length; i++) {
      all[i] = new Choice();
    }
    Workers.run(
        bodies.size(),
        settings.concurrency(),
        p -> {
          int got = 0;
          while (got < n) {
            int first = p * n + got;
            AnswerReader reader =
                new AnswerReader(
                    protocol,
                    n - got,
                    options.logProbs(),
                    ids,
                    (choice, text, newIds) -> deltas.onDelta(first + choice, text, newIds));
            try {
              transport.post(protocol.operation, request(bodies.get(p), options, p, got), reader);
            } finally {
              List<Choice> made = reader.choices();
              for (int i = 0; i < made.size(); i++) {
                all[first + i] = made.get(i);
              }
              got += made.size();
            }
          }
        });
    return List.of(all);
  }

  private static byte[] request(ObjectNode body, GenerationOptions options, int prompt, int got) {
    ObjectNode request = body.deepCopy();
    if (options.completionsPerPrompt() - got > 1) {
      request.put("n", options.completionsPerPrompt() - got);
    }
    if (!options.sampling().isGreedy()) {
      request.put("seed", RequestBody.seed(options.seed(), prompt, got));
    }
    return RequestBody.bytes(request);
  }

  /** Ends running requests; the client cannot be used afterwards. */
  @Override
  public void close() {
    transport.close();
  }

  @Override
  public String toString() {
    return "OpenAiClient[" + settings.baseUrl() + ", " + settings.model() + "]";
  }
}
