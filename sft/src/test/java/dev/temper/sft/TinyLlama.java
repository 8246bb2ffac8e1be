package dev.temper.sft;

import dev.temper.model.CausalLm;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** The model the trajectories start from: two layers, 40 tokens, no tokenizer. */
final class TinyLlama {
  private static final String CONFIG =
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 40, "hidden_size": 32, "intermediate_size": 56,
       "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "rms_norm_eps": 1e-6,
       "rope_theta": 10000.0, "max_position_embeddings": 128, "tie_word_embeddings": false, "hidden_act": "silu"}
      """;

  private TinyLlama() {}

  /** Writes the model into a directory, if it is not there yet, and loads it. */
  static CausalLm load(Path directory) {
    try {
      Path weights = directory.resolve("model.safetensors");
      if (!Files.exists(weights)) {
        Files.writeString(directory.resolve("config.json"), CONFIG);
        try (InputStream in =
            Objects.requireNonNull(
                TinyLlama.class.getResourceAsStream(
                    "/golden/alignment/tiny_llama_init.safetensors"))) {
          Files.copy(in, weights);
        }
      }
      return CausalLm.load(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
