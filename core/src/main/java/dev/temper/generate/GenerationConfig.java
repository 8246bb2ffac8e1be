package dev.temper.generate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The defaults a model's authors recommend for generation: {@code generation_config.json} of a
 * Hugging Face model directory.
 *
 * <p>Only what is in the file is present here; keys this class does not know are ignored.
 *
 * @param doSample whether to sample; false if the file does not say, as in transformers
 * @param temperature greater than 0
 * @param topK 1 or more; 0 in a file means off and is empty here
 * @param topP in (0, 1]
 * @param minP in [0, 1]
 * @param repetitionPenalty greater than 0
 * @param maxNewTokens 1 or more
 * @param eosTokenIds ids that end a completion; the file holds one number or a list
 */
public record GenerationConfig(
    boolean doSample,
    OptionalDouble temperature,
    OptionalInt topK,
    OptionalDouble topP,
    OptionalDouble minP,
    OptionalDouble repetitionPenalty,
    OptionalInt maxNewTokens,
    List<Integer> eosTokenIds) {

  /** Name of the file in a model directory. */
  public static final String FILE_NAME = "generation_config.json";

  private static final long MAX_BYTES = 1 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Copies the ids. */
  public GenerationConfig {
    eosTokenIds = List.copyOf(eosTokenIds);
  }

  /** What holds when a directory has no such file: greedy, no stop tokens, no length. */
  public static GenerationConfig empty() {
    return new GenerationConfig(
        false,
        OptionalDouble.empty(),
        OptionalInt.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        OptionalInt.empty(),
        List.of());
  }

  /**
   * Reads the file of a model directory; {@link #empty()} if there is none.
   *
   * @throws UserException if the file is no JSON object, is larger than 1 MiB, or a key has a wrong
   *     type or range; the message names both
   */
  public static GenerationConfig read(Path modelDirectory) {
    Path file = modelDirectory.resolve(FILE_NAME);
    if (!Files.exists(file)) {
      return empty();
    }
    Reader reader = new Reader(file, parse(file));
    boolean doSample = reader.flag("do_sample");
    OptionalInt topK = reader.integer("top_k", 0);
    return new GenerationConfig(
        doSample,
        // A temperature of 0 beside do_sample: false is common in published files, and harmless.
        reader.number(
            "temperature",
            doSample ? Float.MIN_VALUE : 0,
            Float.MAX_VALUE,
            doSample ? "greater than 0" : "0 or more"),
        topK.isPresent() && topK.getAsInt() == 0 ? OptionalInt.empty() : topK,
        reader.number(
            "top_p", doSample ? Double.MIN_VALUE : 0, 1, doSample ? "in (0, 1]" : "in [0, 1]"),
        reader.number("min_p", 0, 1, "in [0, 1]"),
        reader.number("repetition_penalty", Float.MIN_VALUE, Float.MAX_VALUE, "greater than 0"),
        reader.integer("max_new_tokens", 1),
        reader.ids("eos_token_id"));
  }

  /**
   * The recommended sampling: greedy unless {@code doSample}, with the settings the file names and
   * no others. (transformers adds top-k 50 if a sampling file names no top-k.)
   */
  public Sampling sampling() {
    Sampling start =
        doSample
            ? Sampling.temperature(temperature.orElse(1))
                .topK(topK.orElse(0))
                .topP(topP.orElse(1))
                .minP(minP.orElse(0))
            : Sampling.greedy();
    return start.repetitionPenalty(repetitionPenalty.orElse(1));
  }

  /** Stops at the model's end-of-sequence ids. */
  public StopConditions stop() {
    return StopConditions.tokens(eosTokenIds);
  }

  private static JsonNode parse(Path file) {
    JsonNode root;
    try {
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw new UserException(
            file
                + " has "
                + size
                + " bytes; a generation config has at most "
                + MAX_BYTES
                + ". Is it another file?");
      }
      root = JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      String where =
          e.getLocation() == null
              ? ""
              : ", line "
                  + e.getLocation().getLineNr()
                  + ", column "
                  + e.getLocation().getColumnNr();
      throw new UserException(file + where + ": not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
    if (!root.isObject()) {
      throw new UserException(file + ": must hold a JSON object, holds " + describe(root));
    }
    return root;
  }

  private static String describe(JsonNode node) {
    String text = node.toString();
    return node.isMissingNode()
        ? "nothing"
        : text.length() > 60 ? text.substring(0, 60) + "…" : text;
  }

  /** Typed access to the keys; null is absent. */
  private record Reader(Path file, JsonNode root) {
    boolean flag(String key) {
      if (!root.hasNonNull(key)) {
        return false;
      }
      JsonNode node = root.path(key);
      if (!node.isBoolean()) {
        throw wrong(key, node, "true or false");
      }
      return node.booleanValue();
    }

    OptionalDouble number(String key, double minimum, double maximum, String range) {
      if (!root.hasNonNull(key)) {
        return OptionalDouble.empty();
      }
      JsonNode node = root.path(key);
      if (!node.isNumber() || !(node.doubleValue() >= minimum && node.doubleValue() <= maximum)) {
        throw wrong(key, node, "a number " + range);
      }
      return OptionalDouble.of(node.doubleValue());
    }

    OptionalInt integer(String key, int minimum) {
      return root.hasNonNull(key)
          ? OptionalInt.of(integer(key, root.path(key), minimum, "an integer, "))
          : OptionalInt.empty();
    }

    List<Integer> ids(String key) {
      List<Integer> ids = new ArrayList<>();
      if (root.hasNonNull(key)) {
        JsonNode node = root.path(key);
        for (JsonNode id : node.isArray() ? node : List.of(node)) {
          ids.add(integer(key, id, 0, "a token id or a list of token ids, "));
        }
      }
      return ids;
    }

    private int integer(String key, JsonNode node, int minimum, String what) {
      if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < minimum) {
        throw wrong(key, node, what + minimum + " or more");
      }
      return node.intValue();
    }

    private UserException wrong(String key, JsonNode node, String expected) {
      return new UserException(
          file
              + ": \""
              + key
              + "\" is "
              + describe(node)
              + ", must be "
              + expected
              + ". Correct or remove it.");
    }
  }
}
