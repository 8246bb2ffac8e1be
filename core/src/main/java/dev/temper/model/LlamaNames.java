package dev.temper.model;

import java.util.LinkedHashMap;
import java.util.Map;

/** Names and shapes of the tensors of a Llama checkpoint. */
final class LlamaNames {
  private LlamaNames() {}

  static Map<String, long[]> shapes(DecoderSpec s) {
    Map<String, long[]> out = new LinkedHashMap<>();
    long d = s.width();
    long q = (long) s.heads() * s.headWidth();
    long kv = (long) s.keyValueHeads() * s.headWidth();
    out.put("model.embed_tokens.weight", new long[] {s.vocabulary(), d});
    for (int i = 0; i < s.layers(); i++) {
      String p = "model.layers." + i + ".";
      linear(out, p + "self_attn.q_proj", q, d, s.attentionBias());
      linear(out, p + "self_attn.k_proj", kv, d, s.attentionBias());
      linear(out, p + "self_attn.v_proj", kv, d, s.attentionBias());
      linear(out, p + "self_attn.o_proj", d, q, s.attentionBias());
      linear(out, p + "mlp.gate_proj", s.inner(), d, s.mlpBias());
      linear(out, p + "mlp.up_proj", s.inner(), d, s.mlpBias());
      linear(out, p + "mlp.down_proj", d, s.inner(), s.mlpBias());
      out.put(p + "input_layernorm.weight", new long[] {d});
      out.put(p + "post_attention_layernorm.weight", new long[] {d});
    }
    out.put("model.norm.weight", new long[] {d});
    if (!s.tied()) {
      out.put("lm_head.weight", new long[] {s.vocabulary(), d});
    }
    return out;
  }

  private static void linear(
      Map<String, long[]> out, String name, long rows, long columns, boolean bias) {
    out.put(name + ".weight", new long[] {rows, columns});
    if (bias) {
      out.put(name + ".bias", new long[] {rows});
    }
  }
}
