package dev.temper.generate.remote;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.generate.Completion;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.Generator;
import dev.temper.generate.Sampling;
import dev.temper.generate.TokenListener;
import java.util.ArrayList;
import java.util.List;

/**
 * A {@link Generator} of token ids on a server that takes and returns ids: vLLM 0.10.2 and later
 * ({@code return_token_ids}). No text is tokenised twice, so what was sampled is what is trained
 * on.
 *
 * <p>The server's model must have the same tokenizer. {@link Completion#rawLogProbs()} are the
 * server's; {@link Completion#logProbs()} are the same where the sampling leaves the model's
 * distribution alone (temperature 1, no filter or penalty), and empty otherwise, because the
 * protocol does not tell them.
 */
public final class RemoteGenerator implements Generator {
  private final OpenAiClient client;

  /** A generator over a client, which stays the caller's to close. */
  public RemoteGenerator(OpenAiClient client) {
    this.client = client;
  }

  @Override
  public List<Completion> generate(
      List<int[]> prompts, GenerationOptions options, TokenListener listener) {
    List<ObjectNode> bodies = new ArrayList<>();
    for (int p = 0; p < prompts.size(); p++) {
      if (prompts.get(p).length == 0) {
        throw new UserException("prompt " + p + " is empty: give at least one token");
      }
      ObjectNode body = client.body(options, true);
      ArrayNode ids = body.putArray("prompt");
      for (int id : prompts.get(p)) {
        ids.add(id);
      }
      body.put("return_token_ids", true);
      if (!options.stop().tokens().isEmpty()) {
        ArrayNode stop = body.putArray("stop_token_ids");
        options.stop().tokens().forEach(stop::add);
      }
      if (options.logProbs()) {
        RequestBody.logProbs(body);
      }
      bodies.add(body);
    }
    Object oneAtATime = new Object();
    List<Choice> choices =
        client.choices(
            Protocol.TEXT,
            bodies,
            options,
            true,
            (index, text, ids) -> {
              synchronized (oneAtATime) {
                return tell(listener, index, text, ids);
              }
            });
    List<Completion> out = new ArrayList<>();
    for (Choice c : choices) {
      out.add(completion(out.size(), c, options));
    }
    return out;
  }

  /** A chunk may bring several tokens; its text belongs to the last of them. */
  private static boolean tell(TokenListener listener, int index, String text, List<Integer> ids) {
    boolean goOn = true;
    for (int i = 0; i < ids.size() && goOn; i++) {
      goOn = listener.onToken(index, ids.get(i), i == ids.size() - 1 ? text : "");
    }
    return goOn;
  }

  private static Completion completion(int index, Choice c, GenerationOptions options) {
    int n = c.ids.size();
    int[] ids = c.ids.stream().mapToInt(Integer::intValue).toArray();
    float[] raw = new float[options.logProbs() ? n : 0];
    if (raw.length > 0 && c.tokens.size() < n) {
      throw new RemoteException(
          "the server gave " + c.tokens.size() + " log-probabilities for " + n + " ids");
    }
    for (int i = 0; i < raw.length; i++) {
      raw[i] = (float) c.tokens.get(i).logProb();
    }
    boolean plain = options.sampling().equals(Sampling.temperature(1).seed(options.seed()));
    return new Completion(
        index, ids, c.text.toString(), plain ? raw.clone() : new float[0], raw, c.reason());
  }
}
