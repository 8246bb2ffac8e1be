package dev.temper.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.regex.Pattern;

/** The class names that transformers keeps under {@code architectures} in config.json. */
final class Architectures {
  /** What follows a family's name: {@code LlamaForCausalLM}, {@code GPT2LMHeadModel}. */
  private static final Pattern ENDING = Pattern.compile("(For[A-Z]\\w*|LMHeadModel|Model)$");

  private Architectures() {}

  /** A copy of a config whose model ends in another way; one that names no class stays so. */
  static ObjectNode rename(ObjectNode config, String ending) {
    ObjectNode out = config.deepCopy();
    String name = config.path("architectures").path(0).asText("");
    if (!name.isEmpty()) {
      String family = ENDING.matcher(name).replaceFirst("");
      // The one family whose language model is not named like its other classes.
      boolean text =
          family.equals("Gemma3") && config.path("model_type").asText("").endsWith("text");
      out.putArray("architectures").add((text ? "Gemma3Text" : family) + ending);
    }
    return out;
  }
}
