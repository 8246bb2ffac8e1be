package dev.temper.efficiency.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.StoredType;
import dev.temper.checkpoint.TensorSource;
import dev.temper.model.CausalLm;
import dev.temper.model.Linear;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** LoRA on GPT-2, whose weights lie [in, out] and whose queries, keys and values are one layer. */
class LoraConv1dTest {
  private static final int[] IDS = {1, 5, 3, 9, 2};

  @TempDir Path temp;

  private CausalLm model() throws IOException {
    Files.writeString(
        temp.resolve("config.json"),
        """
        {"model_type": "gpt2", "n_embd": 8, "n_head": 2, "n_layer": 1, "n_positions": 16, "vocab_size": 11}
        """);
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put("wte.weight", new long[] {11, 8});
    shapes.put("wpe.weight", new long[] {16, 8});
    for (String norm : List.of("h.0.ln_1", "h.0.ln_2", "ln_f")) {
      shapes.put(norm + ".weight", new long[] {8});
      shapes.put(norm + ".bias", new long[] {8});
    }
    conv(shapes, "h.0.attn.c_attn", 8, 24);
    conv(shapes, "h.0.attn.c_proj", 8, 8);
    conv(shapes, "h.0.mlp.c_fc", 8, 32);
    conv(shapes, "h.0.mlp.c_proj", 32, 8);
    List<TensorSource> tensors = new ArrayList<>();
    shapes.forEach(
        (name, shape) -> {
          int n = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
          float[] values = Rng.of(name.hashCode()).gaussians(n, 0.5);
          tensors.add(
              TensorSource.floats("transformer." + name, StoredType.F32, shape, () -> values));
        });
    CheckpointWriter.writeFile(temp.resolve("model.safetensors"), tensors);
    return CausalLm.load(temp);
  }

  private static void conv(Map<String, long[]> shapes, String name, long in, long out) {
    shapes.put(name + ".weight", new long[] {in, out});
    shapes.put(name + ".bias", new long[] {out});
  }

  private static void disturb(LinearAdapter lora) {
    for (Parameter p : lora.parameters()) {
      p.assign(Rng.of(p.name().hashCode()).gaussians(Math.toIntExact(p.size()), 0.3));
    }
  }

  @Test
  void the_default_target_is_the_fused_projection_and_peft_is_told_of_the_layout()
      throws IOException {
    try (CausalLm model = model();
        LinearAdapter lora = Lora.rank(2).attach(model)) {
      assertThat(lora.parameters().stream().map(p -> p.shape().toString()))
          .hasSize(2)
          .containsExactly("[2, 8]", "[24, 2]");
      disturb(lora);
      lora.save(temp.resolve("adapter"));
      JsonNode config =
          new ObjectMapper().readTree(temp.resolve("adapter/adapter_config.json").toFile());
      assertThat(config.get("fan_in_fan_out").booleanValue()).isTrue();
      assertThat(config.get("target_modules").toString()).isEqualTo("[\"c_attn\"]");
    }
  }

  @Test
  void merging_equals_adapting_and_unmerging_restores() throws IOException {
    try (CausalLm model = model()) {
      float[] base = PeftGolden.logits(model, IDS);
      try (LinearAdapter lora = Lora.rank(2).targets(Targets.allLinear()).attach(model)) {
        assertThat(model.linears().stream().map(Linear::name))
            .containsExactly(
                "transformer.h.0.attn.c_attn",
                "transformer.h.0.attn.c_proj",
                "transformer.h.0.mlp.c_fc",
                "transformer.h.0.mlp.c_proj");
        assertThat(PeftGolden.logits(model, IDS)).containsExactly(base, within(1e-6f));
        disturb(lora);
        float[] adapted = PeftGolden.logits(model, IDS);
        assertThat(adapted).isNotEqualTo(base);
        lora.merge();
        assertThat(PeftGolden.logits(model, IDS)).containsExactly(adapted, within(1e-4f));
        lora.unmerge();
        lora.detach();
        assertThat(PeftGolden.logits(model, IDS)).containsExactly(base, within(1e-4f));
      }
    }
  }
}
