package dev.temper.efficiency.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.temper.generate.Completion;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.LocalGenerator;
import dev.temper.model.CausalLm;
import dev.temper.model.DecodeWeights;
import dev.temper.tensor.Census;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Generation follows an adapter that is trained, switched off, merged and detached. */
class DecodeWithAdapterTest {
  private static final List<int[]> PROMPTS =
      List.of(new int[] {1, 2, 3, 4}, new int[] {9}, new int[] {7, 7});
  private static final GenerationOptions OPTIONS = GenerationOptions.maxNewTokens(12);

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT16"})
  void packed_weights_contain_the_adapter_as_it_is_now(DecodeWeights weights) {
    assumeTrue(weights.isAvailable());
    int before = Census.liveArrays();
    try (CausalLm model = PeftGolden.base();
        LocalGenerator fast = new LocalGenerator(model).weights(weights)) {
      List<List<Integer>> base = ids(fast.generate(PROMPTS, OPTIONS));
      try (Adapter lora = Lora.rank(4).alpha(32).targets(Targets.allLinear()).attach(model)) {
        assertThat(ids(fast.generate(PROMPTS, OPTIONS))).isEqualTo(base);
        int seed = 0;
        for (Parameter p : lora.parameters()) {
          p.assign(Rng.of(seed++).uniforms(Math.toIntExact(p.size()), -0.5, 0.5));
        }
        List<List<Integer>> adapted = ids(fast.generate(PROMPTS, OPTIONS));
        assertThat(adapted).isNotEqualTo(base);
        assertThat(lora.disabled(() -> ids(fast.generate(PROMPTS, OPTIONS)))).isEqualTo(base);
        assertThat(ids(fast.generate(PROMPTS, OPTIONS))).isEqualTo(adapted);
        lora.merge();
        assertThat(ids(fast.generate(PROMPTS, OPTIONS))).isEqualTo(adapted);
        lora.unmerge();
      }
      assertThat(ids(fast.generate(PROMPTS, OPTIONS))).isEqualTo(base);
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  private static List<List<Integer>> ids(List<Completion> completions) {
    return completions.stream()
        .map(c -> java.util.Arrays.stream(c.ids()).boxed().toList())
        .toList();
  }
}
