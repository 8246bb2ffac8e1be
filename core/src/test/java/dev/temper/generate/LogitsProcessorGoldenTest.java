package dev.temper.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Processors alone and in chains against transformers. */
class LogitsProcessorGoldenTest {
  private static final JsonNode GOLDEN = load();

  private static JsonNode load() {
    try (InputStream in =
        LogitsProcessorGoldenTest.class.getResourceAsStream("/golden/generate/sampling.json.gz")) {
      return new ObjectMapper().readTree(new GZIPInputStream(in));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static Stream<Arguments> singles() {
    return cases("single");
  }

  static Stream<Arguments> chains() {
    return cases("chains");
  }

  private static Stream<Arguments> cases(String kind) {
    return StreamSupport.stream(GOLDEN.path("expected").path(kind).spliterator(), false)
        .map(
            c ->
                Arguments.of(
                    c.path("processor").asText("chain")
                        + c.path("parameters")
                        + " on "
                        + c.path("logits").asText(),
                    c));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("singles")
  void one_processor_gives_the_same_distribution(String name, JsonNode expected) {
    check(single(expected), expected);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("chains")
  void a_chain_gives_the_same_distribution(String name, JsonNode expected) {
    JsonNode p = expected.path("parameters");
    Sampling sampling =
        Sampling.temperature(p.path("temperature").asDouble(1))
            .minP(p.path("min_p").asDouble(0))
            .topP(p.path("top_p").asDouble(1))
            .topK(p.path("top_k").asInt(0))
            .typicalP(p.path("typical_p").asDouble(1))
            .epsilonCutoff(p.path("epsilon_cutoff").asDouble(0))
            .etaCutoff(p.path("eta_cutoff").asDouble(0))
            .repetitionPenalty(p.path("repetition_penalty").asDouble(1))
            .noRepeatNgram(p.path("no_repeat_ngram_size").asInt(0));
    check(sampling.processor(), expected);
  }

  private static LogitsProcessor single(JsonNode expected) {
    JsonNode value = expected.path("parameters").elements().next();
    double number = value.doubleValue();
    return switch (expected.path("processor").asText()) {
      case "TemperatureLogitsWarper" -> new Temperature(number);
      case "TopKLogitsWarper" -> new TopK(value.intValue());
      case "TopPLogitsWarper" -> new TopP(number);
      case "MinPLogitsWarper" -> new MinP(number);
      case "TypicalLogitsWarper" -> new TypicalP(number);
      case "EpsilonLogitsWarper" -> new EpsilonCutoff(number);
      case "EtaLogitsWarper" -> new EtaCutoff(number);
      case "RepetitionPenaltyLogitsProcessor" -> new RepetitionPenalty(number);
      case "NoRepeatNGramLogitsProcessor" -> new NoRepeatNgram(value.intValue());
      default -> throw new AssertionError(expected.path("processor"));
    };
  }

  private static void check(LogitsProcessor processor, JsonNode expected) {
    String input = expected.path("logits").asText();
    int[] history =
        new ObjectMapper().convertValue(GOLDEN.path("inputs").path("history_ids"), int[].class);
    float[] logits = row(GOLDEN.path("inputs").path("logits").path(input));
    processor.process(logits, new TokenBuffer(history));

    float[] expectedLogits = row(expected.path("processed_logits"));
    double[] expectedProbabilities =
        new ObjectMapper().convertValue(expected.path("probabilities"), double[].class);
    double[] probabilities = new double[logits.length];
    double sum =
        Softmax.weights(logits, logits.length, Softmax.max(logits, logits.length), probabilities);
    int kept = 0;
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] /= sum;
      kept += logits[i] == Float.NEGATIVE_INFINITY ? 0 : 1;
    }
    assertThat(kept).as("tokens kept").isEqualTo(expected.path("kept").intValue());
    // Which of several tied tokens top-p drops follows an unstable sort in the reference: there the
    // sorted values must agree.
    if (expected.toString().contains("TopP")
        && (input.equals("ties") || input.equals("all_equal"))) {
      for (Object array : new Object[] {logits, expectedLogits}) {
        Arrays.sort((float[]) array);
      }
      Arrays.sort(probabilities);
      Arrays.sort(expectedProbabilities);
    }
    for (int i = 0; i < logits.length; i++) {
      if (expectedLogits[i] == Float.NEGATIVE_INFINITY) {
        assertThat(logits[i]).as("logit %d", i).isEqualTo(Float.NEGATIVE_INFINITY);
      } else {
        assertThat(logits[i]).as("logit %d", i).isCloseTo(expectedLogits[i], within(1e-5f));
      }
    }
    assertThat(probabilities).containsExactly(expectedProbabilities, within(1e-6));
  }

  private static float[] row(JsonNode values) {
    float[] row = new float[values.size()];
    for (int i = 0; i < row.length; i++) {
      row[i] = values.get(i).isNull() ? Float.NEGATIVE_INFINITY : values.get(i).floatValue();
    }
    return row;
  }
}
