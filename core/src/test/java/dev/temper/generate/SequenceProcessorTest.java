package dev.temper.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.model.CausalLm;
import dev.temper.model.Golden;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Processors that look at sequences of ids, against transformers and alone. */
class SequenceProcessorTest {
  @TestFactory
  List<DynamicTest> the_distribution_equals_that_of_transformers() {
    JsonNode golden = GoldenFile.json("/golden/generate/processors.json.gz");
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode c : golden.path("cases")) {
      tests.add(
          DynamicTest.dynamicTest(
              c.path("processor").asText() + ", " + c.path("history") + ", " + c.path("logits"),
              () -> {
                float[] logits = row(golden.path("logits").path(c.path("logits").asText()));
                int[] history =
                    Golden.ints(golden.path("histories").path(c.path("history").asText()));
                processor(c).process(logits, context(c, history));
                // transformers gives a forced token the logit 0; the distribution is what counts
                assertThat(softmax(logits))
                    .containsExactly(softmax(row(c.path("processed_logits"))), within(1e-6));
              }));
    }
    assertThat(tests).hasSize(42);
    return tests;
  }

  /** Where the reference counts from the beginning of the sequence, ours counts new tokens. */
  private static TokenContext context(JsonNode c, int[] history) {
    int prompt =
        switch (c.path("processor").asText()) {
          case "ForcedBOSTokenLogitsProcessor", "ForcedEOSTokenLogitsProcessor" -> 1;
          case "ExponentialDecayLengthPenalty" -> c.at("/parameters/prompt_length").intValue();
          case "SuppressTokensAtBeginLogitsProcessor" ->
              Math.min(history.length, c.at("/parameters/begin_index").intValue());
          default -> history.length;
        };
    TokenBuffer buffer = new TokenBuffer(java.util.Arrays.copyOf(history, prompt));
    for (int i = prompt; i < history.length; i++) {
      buffer.add(history[i]);
    }
    return buffer;
  }

  private static LogitsProcessor processor(JsonNode c) {
    JsonNode p = c.path("parameters");
    return switch (c.path("processor").asText()) {
      case "NoBadWordsLogitsProcessor" -> {
        List<List<Integer>> words = new ArrayList<>();
        p.path("bad_words_ids").forEach(w -> words.add(ids(w)));
        yield new BannedSequences(words);
      }
      case "SequenceBiasLogitsProcessor" -> {
        Map<List<Integer>, Double> biases = new LinkedHashMap<>();
        p.path("sequence_bias").forEach(b -> biases.put(ids(b.get(0)), b.get(1).doubleValue()));
        yield new SequenceBias(biases);
      }
      case "SuppressTokensLogitsProcessor" -> new BannedTokens(ids(p.path("suppress_tokens")));
      case "SuppressTokensAtBeginLogitsProcessor" -> {
        LogitsProcessor banned = new BannedAtStart(ids(p.path("begin_suppress_tokens")));
        int begin = p.path("begin_index").intValue();
        yield (logits, context) -> {
          if (context.length() >= begin) {
            banned.process(logits, context);
          }
        };
      }
      case "ForcedBOSTokenLogitsProcessor" ->
          new ForcedPrefix(List.of(p.path("bos_token_id").intValue()));
      case "ForcedEOSTokenLogitsProcessor" ->
          new ForcedEnd(p.path("max_length").intValue() - 1, ids(p.path("eos_token_id")));
      case "ExponentialDecayLengthPenalty" ->
          new EndPressure(
              p.path("start").intValue(),
              p.path("factor").doubleValue(),
              List.of(p.path("eos_token_id").intValue()));
      default -> throw new AssertionError(c.path("processor"));
    };
  }

  @Test
  void a_forced_prefix_wins_over_bans_and_begins_every_completion() {
    try (CausalLm model = CausalLm.load(Golden.model("llama2"))) {
      List<Completion> made =
          new LocalGenerator(model)
              .generate(
                  List.of(new int[] {3, 4}),
                  GenerationOptions.maxNewTokens(5)
                      .sampling(Sampling.temperature(1).seed(1))
                      .completionsPerPrompt(3)
                      .constraint(BannedTokens.of(9))
                      .constraint(new ForcedPrefix(List.of(9, 17))));
      assertThat(made).allSatisfy(c -> assertThat(c.ids()).startsWith(9, 17));
    }
  }

  @Test
  void a_users_constraint_follows_each_row_of_a_batch_and_each_beam() {
    record Alternate(int a, int b) implements TokenConstraint<Boolean> {
      @Override
      public Boolean start() {
        return true;
      }

      @Override
      public Boolean next(Boolean isA, int token) {
        return !isA;
      }

      @Override
      public void apply(Boolean isA, float[] logits) {
        for (int i = 0; i < logits.length; i++) {
          if (isA ? i % a != 0 : i % b != 0) {
            logits[i] = Float.NEGATIVE_INFINITY;
          }
        }
      }
    }
    GenerationOptions options =
        GenerationOptions.maxNewTokens(8).constraint(new Alternate(7, 11).processor());
    try (CausalLm model = CausalLm.load(Golden.model("llama2"))) {
      List<int[]> prompts = List.of(new int[] {3, 4}, new int[] {1}, new int[] {8, 8, 8});
      List<Completion> rows =
          new LocalGenerator(model)
              .generate(
                  prompts,
                  options
                      .sampling(Sampling.temperature(1.5).seed(2))
                      .stop(StopConditions.tokens(0))
                      .completionsPerPrompt(4));
      List<Completion> beams =
          new BeamSearch(model)
              .generate(prompts, options, BeamOptions.beams(3).returned(3)).stream()
                  .map(ScoredCompletion::completion)
                  .toList();
      for (List<Completion> all : List.of(rows, beams)) {
        for (Completion c : all) {
          for (int i = 0; i < c.ids().length; i++) {
            assertThat(c.ids()[i] % (i % 2 == 0 ? 7 : 11)).isZero();
          }
        }
      }
    }
  }

  @Test
  void a_constraint_starts_over_when_a_sequence_was_cut_and_went_on_differently() {
    TokenConstraint<Integer> sum =
        new TokenConstraint<>() {
          @Override
          public Integer start() {
            return 0;
          }

          @Override
          public Integer next(Integer total, int token) {
            return total + token;
          }

          @Override
          public void apply(Integer total, float[] logits) {
            logits[0] = total;
          }
        };
    LogitsProcessor processor = sum.processor();
    TokenBuffer tokens = new TokenBuffer(new int[] {100});
    float[] logits = new float[1];
    tokens.add(1);
    tokens.add(2);
    processor.process(logits, tokens);
    assertThat(logits[0]).isEqualTo(3);
    tokens.truncate(2);
    tokens.add(5);
    tokens.add(7);
    processor.process(logits, tokens);
    assertThat(logits[0]).isEqualTo(13);
    processor.process(logits, tokens.copy());
    assertThat(logits[0]).isEqualTo(13);
  }

  @Test
  void wrong_settings_are_refused_by_name() {
    assertThatThrownBy(() -> new BannedSequences(List.of())).hasMessageContaining("at least one");
    assertThatThrownBy(() -> new BannedSequences(List.of(List.of())))
        .hasMessageContaining("banned sequence");
    assertThatThrownBy(() -> new SequenceBias(Map.of(List.of(1), Double.NEGATIVE_INFINITY)))
        .hasMessageContaining("BannedSequences");
    assertThatThrownBy(() -> new ForcedPrefix(List.of(-1))).hasMessageContaining("0 or more");
    assertThatThrownBy(() -> new ForcedEnd(0, List.of(1))).hasMessageContaining("max new tokens");
    assertThatThrownBy(() -> new EndPressure(1, 0, List.of(1))).hasMessageContaining("factor");
    assertThatThrownBy(
            () ->
                new ForcedPrefix(List.of(50))
                    .process(new float[10], new TokenBuffer(new int[] {1})))
        .hasMessageContaining("forced token id 50 is outside the vocabulary of 10");
  }

  private static List<Integer> ids(JsonNode array) {
    return java.util.Arrays.stream(Golden.ints(array)).boxed().toList();
  }

  private static float[] row(JsonNode values) {
    float[] row = new float[values.size()];
    for (int i = 0; i < row.length; i++) {
      row[i] = values.get(i).isNull() ? Float.NEGATIVE_INFINITY : values.get(i).floatValue();
    }
    return row;
  }

  private static double[] softmax(float[] logits) {
    double[] p = new double[logits.length];
    double sum = Softmax.weights(logits, p.length, Softmax.max(logits, p.length), p);
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
    return p;
  }
}
