package dev.temper.generate.remote;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.Sampling;
import dev.temper.generate.StopConditions;
import dev.temper.tensor.Rng;
import dev.temper.text.Message;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Options in the words of the protocol. What it has no word for is refused: a server that ignores a
 * setting silently would give other text than was asked for.
 */
final class RequestBody {
  private static final ObjectMapper JSON = new ObjectMapper();

  private RequestBody() {}

  /** Everything but the prompt, the number of choices and the seed. */
  static ObjectNode of(String model, GenerationOptions options, boolean stream) {
    ObjectNode body = JSON.createObjectNode();
    body.put("model", model);
    body.put("max_tokens", options.maxNewTokens());
    Sampling s = options.sampling();
    body.put("temperature", s.isGreedy() ? 0 : s.temperature());
    if (s.topP() != 1) {
      body.put("top_p", s.topP());
    }
    if (s.topK() != 0) {
      body.put("top_k", s.topK());
    }
    if (s.minP() != 0) {
      body.put("min_p", s.minP());
    }
    if (s.repetitionPenalty() != 1) {
      body.put("repetition_penalty", s.repetitionPenalty()); // vLLM
      body.put("repeat_penalty", s.repetitionPenalty()); // llama.cpp
    }
    if (!options.stop().strings().isEmpty()) {
      body.set("stop", JSON.valueToTree(options.stop().strings()));
    }
    if (stream) {
      body.put("stream", true);
    }
    refuse("typical-p", s.typicalP() != 1);
    refuse("epsilon cutoff", s.epsilonCutoff() != 0);
    refuse("eta cutoff", s.etaCutoff() != 0);
    refuse("no-repeat-ngram", s.noRepeatNgram() != 0);
    refuse("constraints (they need the logits)", !options.constraints().isEmpty());
    refuse("min new tokens", options.minNewTokens() != 0);
    refuse("keeping the stop string", options.stop().cut() == StopConditions.Cut.AFTER);
    return body;
  }

  /** Refuses stop tokens, which text protocols do not have. */
  static void refuseStopTokens(GenerationOptions options) {
    refuse(
        "stop tokens (the server ends at its model's own; use StopConditions.none().strings(…))",
        !options.stop().tokens().isEmpty());
  }

  static void chat(ObjectNode body, List<Message> messages, boolean logProbs) {
    body.set(
        "messages",
        JSON.valueToTree(
            messages.stream()
                .map(
                    m -> {
                      Map<String, Object> fields = new LinkedHashMap<>(m.fields());
                      fields.remove("weight"); // of the loss, not of the chat
                      return fields;
                    })
                .toList()));
    if (logProbs) {
      body.put("logprobs", true);
    }
    if (messages.get(messages.size() - 1).role().equals("assistant")) {
      body.put("continue_final_message", true); // vLLM; llama.cpp does it unasked
      body.put("add_generation_prompt", false);
    }
  }

  static void logProbs(ObjectNode body) {
    body.put("logprobs", 1);
  }

  /** The seed of the choices from number {@code first} on of a prompt: 31 bits, as servers take. */
  static int seed(long seed, int prompt, int first) {
    return (int) (Rng.of(seed).split("remote").split(prompt).bits(first) >>> 33);
  }

  static byte[] bytes(ObjectNode body) {
    try {
      return JSON.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("the request cannot be written as JSON", e);
    }
  }

  private static void refuse(String what, boolean wanted) {
    if (wanted) {
      throw new IllegalArgumentException(
          "OpenAI-compatible servers have no setting for "
              + what
              + ": leave it out, or generate with a local model");
    }
  }
}
