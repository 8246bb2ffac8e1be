package dev.temper.train;

import dev.temper.tensor.Parameter;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Which parameters decay: all but biases and the weights of norms, told by their names as
 * transformers' {@code Trainer.get_decay_parameter_names} does.
 */
final class WeightDecay {
  // ln_1, ln_2, ln_f are GPT-2's layer norms, which transformers tells by their class.
  private static final Pattern SPARED =
      Pattern.compile("bias|layernorm|rmsnorm|(?:^|[._])norm(?:$|\\.)|(?:^|\\.)ln_\\w+\\.");

  private WeightDecay() {}

  static double of(Parameter parameter, double lambda, boolean everything) {
    return everything || decays(parameter.name()) ? lambda : 0;
  }

  static boolean decays(String name) {
    return !SPARED.matcher(name.toLowerCase(Locale.ROOT)).find();
  }
}
