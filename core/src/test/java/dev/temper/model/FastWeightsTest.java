package dev.temper.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.temper.tensor.Census;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FastWeightsTest {
  private static final List<int[]> RAGGED =
      List.of(new int[] {1, 5, 9, 20, 7}, new int[] {3}, new int[] {8, 8, 2});

  @ParameterizedTest
  @CsvSource({
    "llama2, FLOAT32, 2e-5",
    "llama3, FLOAT32, 2e-5",
    "llama_bias, FLOAT32, 2e-5",
    "llama2, FLOAT16, 5e-3",
    "llama3, FLOAT16, 5e-3",
    "llama_bias, FLOAT16, 5e-3",
    "mistral_sliding, FLOAT32, 2e-5",
    "gemma2, FLOAT32, 2e-5",
    "gpt2, FLOAT32, 2e-5",
    "phi3, FLOAT32, 2e-5",
    "qwen3_moe, FLOAT32, 2e-5",
    "gpt_neox, FLOAT32, 2e-5",
    "gpt2, FLOAT16, 5e-3",
    "phi3, FLOAT16, 5e-3",
    "llama2, INT8, 2e-1",
    "llama3, INT8, 2e-1",
    "llama_bias, INT8, 2e-1",
  })
  void a_whole_step_equals_the_blocks_one_by_one(String name, DecodeWeights how, double bound) {
    assumeTrue(how.isAvailable());
    int before = Census.liveArrays();
    try (CausalLm model = CausalLm.load(Golden.model(name));
        FastWeights weights = FastWeights.of(model, how)) {
      List<float[]> fast = logitsOfFourSteps(new Decoder(model, weights));
      List<float[]> plain = logitsOfFourSteps(new Decoder(model));
      for (int step = 0; step < fast.size(); step++) {
        assertThat(fast.get(step)).hasSameSizeAs(plain.get(step));
        double scale = 0;
        for (float y : plain.get(step)) {
          scale = Math.max(scale, Math.abs(y));
        }
        for (int i = 0; i < fast.get(step).length; i++) {
          assertThat((double) fast.get(step)[i])
              .as("step %d, logit %d", step, i)
              .isCloseTo(plain.get(step)[i], within(bound * scale));
        }
      }
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  /** Logits of a ragged batch whose middle row leaves after two steps. */
  private static List<float[]> logitsOfFourSteps(Decoder decoder) {
    return Scope.run(
        "t",
        () -> {
          List<float[]> out = new ArrayList<>();
          Decoder.Started started = decoder.start(RAGGED, 8);
          try (KvCache cache = started.cache()) {
            out.add(logits(decoder, started.hidden()));
            out.add(logits(decoder, decoder.step(cache, new int[] {4, 5, 6})));
            out.add(logits(decoder, decoder.step(cache, new int[] {7, 8, 9})));
            cache.keepRows(new int[] {0, 2});
            out.add(logits(decoder, decoder.step(cache, new int[] {10, 11})));
            cache.keepRows(new int[] {1});
            Tensor last = decoder.step(cache, new int[] {12});
            out.add(logits(decoder, last));
            assertThat(decoder.best(last)).hasSize(1);
          }
          return out;
        });
  }

  private static float[] logits(Decoder decoder, Tensor hidden) {
    return decoder.logits(hidden).toFloats();
  }

  @Test
  void an_operation_that_is_no_product_stays_as_it_is() {
    try (CausalLm model = CausalLm.load(Golden.model("llama3"))) {
      model.blocks().get(0).feedForwardLinears().get(1).decorate(op -> x -> op.apply(x).mul(1.5));
      try (FastWeights weights = FastWeights.of(model, DecodeWeights.FLOAT32)) {
        List<float[]> fast = logitsOfFourSteps(new Decoder(model, weights));
        List<float[]> plain = logitsOfFourSteps(new Decoder(model));
        for (int step = 0; step < fast.size(); step++) {
          assertThat(fast.get(step)).usingComparatorWithPrecision(1e-3f).isEqualTo(plain.get(step));
        }
      }
    }
  }

  @Test
  void they_are_not_current_once_a_weight_or_an_operation_has_changed() {
    try (CausalLm model = CausalLm.load(Golden.model("llama3"));
        FastWeights weights = FastWeights.of(model, DecodeWeights.FLOAT32)) {
      assertThat(weights.isCurrent()).isTrue();
      Linear up = model.blocks().get(1).feedForwardLinears().get(1);
      Linear.Op earlier = up.op();
      up.decorate(op -> x -> op.apply(x));
      assertThat(weights.isCurrent()).isFalse();
      up.restore(earlier);
      assertThat(weights.isCurrent()).isTrue();
      up.weight().assign(up.weight().toFloats());
      assertThat(weights.isCurrent()).isFalse();
    }
  }
}
