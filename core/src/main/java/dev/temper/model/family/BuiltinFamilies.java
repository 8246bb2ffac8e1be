package dev.temper.model.family;

import dev.temper.model.Family;
import java.util.List;

/** Every family the library brings. */
public final class BuiltinFamilies {
  private BuiltinFamilies() {}

  /** The families. */
  public static List<Family> all() {
    return List.of(
        Llama.family(),
        Mistral.family(),
        Qwen2.family(),
        Qwen3.family(),
        Phi3.family(),
        SmolLm3.family(),
        Olmo2.family(),
        Gemma2.family(),
        Gemma3.family(),
        Gpt2.family(),
        Opt.family(),
        GptNeoX.family(),
        Mixtral.family(),
        QwenMoe.qwen2(),
        QwenMoe.qwen3(),
        Bert.family());
  }
}
