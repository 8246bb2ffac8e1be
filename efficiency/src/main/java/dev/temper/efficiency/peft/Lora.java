package dev.temper.efficiency.peft;

import dev.temper.UserException;
import dev.temper.model.Linear;
import dev.temper.model.Model;
import dev.temper.tensor.DType;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Low-rank adaptation (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models"): each
 * adapted layer learns ΔW = s · B A with A [r, in] and B [out, r].
 *
 * <p>s = α / r, or α / √r if rank-stabilised (Kalajdzievski 2023, "A Rank Stabilization Scaling
 * Factor for Fine-Tuning with LoRA"). A starts uniform in ±1/√in and B at zero, so training starts
 * from the model itself. The paper draws A from a normal distribution; PEFT and this class do not.
 * Defaults are PEFT's.
 *
 * <pre>{@code
 * Adapter lora = Lora.rank(16).alpha(32).dropout(0.05).targets(Targets.allLinear()).attach(model);
 * }</pre>
 *
 * @param rank r, at least 1 and below the widths of the layer in any sensible use
 * @param alpha α, positive
 * @param dropout probability of zeroing an input of A while training, in [0, 1)
 * @param scaling s = α / r or α / √r
 * @param rankPattern ranks of some layers: the first key that, as a regular expression, matches the
 *     end of a layer's path from a dot on
 * @param alphaPattern α of some layers, in the same way
 * @param targets layers to adapt
 * @param seed determines A
 */
public record Lora(
    int rank,
    double alpha,
    double dropout,
    LoraScaling scaling,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern,
    Targets targets,
    long seed) {
  private static final int MAX_RANK = 1 << 16;

  /** Checks every setting. */
  public Lora {
    requireRank("rank", rank);
    requireAlpha("alpha", alpha);
    if (!(dropout >= 0 && dropout < 1)) {
      throw new UserException(
          "dropout: " + dropout + " must be at least 0 and below 1; 0 turns it off");
    }
    // Ordered: the first pattern that matches counts.
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
    rankPattern.forEach((key, r) -> requireRank("rankPattern '" + key + "'", r));
    alphaPattern.forEach((key, a) -> requireAlpha("alphaPattern '" + key + "'", a));
    rankPattern.keySet().forEach(k -> Targets.compile("rankPattern", k));
    alphaPattern.keySet().forEach(k -> Targets.compile("alphaPattern", k));
  }

  private static void requireRank(String parameter, int rank) {
    if (rank < 1 || rank > MAX_RANK) {
      throw new UserException(
          parameter + ": " + rank + " must be from 1 to " + MAX_RANK + "; 8 to 64 is usual");
    }
  }

  private static void requireAlpha(String parameter, double alpha) {
    if (!(alpha > 0) || Double.isInfinite(alpha)) {
      throw new UserException(
          parameter
              + ": "
              + alpha
              + " must be a positive number; the rank or twice the rank is usual");
    }
  }

  /** PEFT's defaults: rank 8, α 8, no dropout, queries and values. */
  public static Lora defaults() {
    return new Lora(8, 8, 0, LoraScaling.STANDARD, Map.of(), Map.of(), Targets.modelDefault(), 0);
  }

  /** PEFT's defaults with another rank; α stays 8. */
  public static Lora rank(int rank) {
    Lora d = defaults();
    return new Lora(
        rank, d.alpha, d.dropout, d.scaling, d.rankPattern, d.alphaPattern, d.targets, d.seed);
  }

  /** With another α. */
  public Lora alpha(double value) {
    return new Lora(rank, value, dropout, scaling, rankPattern, alphaPattern, targets, seed);
  }

  /** With another dropout probability. */
  public Lora dropout(double value) {
    return new Lora(rank, alpha, value, scaling, rankPattern, alphaPattern, targets, seed);
  }

  /** With s = α / √r. */
  public Lora rankStabilized() {
    return new Lora(
        rank,
        alpha,
        dropout,
        LoraScaling.RANK_STABILIZED,
        rankPattern,
        alphaPattern,
        targets,
        seed);
  }

  /** With another rank for the layers that {@code pattern} matches. */
  public Lora rankOf(String pattern, int value) {
    Map<String, Integer> more = new LinkedHashMap<>(rankPattern);
    more.put(pattern, value);
    return new Lora(rank, alpha, dropout, scaling, more, alphaPattern, targets, seed);
  }

  /** With another α for the layers that {@code pattern} matches. */
  public Lora alphaOf(String pattern, double value) {
    Map<String, Double> more = new LinkedHashMap<>(alphaPattern);
    more.put(pattern, value);
    return new Lora(rank, alpha, dropout, scaling, rankPattern, more, targets, seed);
  }

  /** With other layers. */
  public Lora targets(Targets value) {
    return new Lora(rank, alpha, dropout, scaling, rankPattern, alphaPattern, value, seed);
  }

  /** With another seed. */
  public Lora seed(long value) {
    return new Lora(rank, alpha, dropout, scaling, rankPattern, alphaPattern, targets, value);
  }

  /**
   * Freezes the model and attaches a new adapter, which changes nothing until trained.
   *
   * @throws UserException if the targets match nothing; the message lists the model's linear layers
   */
  public LinearAdapter attach(Model model) {
    List<LoraLayer> layers = new ArrayList<>();
    for (Linear linear : targets.select(model)) {
      int r = rankAt(linear.name());
      int in = linear.inputs();
      double bound = 1 / Math.sqrt(in);
      float[] a =
          Rng.of(seed)
              .split("lora_A")
              .split(linear.name())
              .uniforms(Math.multiplyExact(r, in), -bound, bound);
      layers.add(
          layer(
              linear,
              Parameter.of(LoraFiles.keyOfA(linear), a, r, in),
              Parameter.zeros(LoraFiles.keyOfB(linear), DType.F32, Shape.of(linear.outputs(), r))));
    }
    return attach(model, layers);
  }

  /** Attaches layers that exist already. */
  LinearAdapter attach(Model model, List<LoraLayer> layers) {
    return LinearAdapter.attach(model, layers, dir -> LoraFiles.write(dir, this, layers, model));
  }

  LoraLayer layer(Linear linear, Parameter a, Parameter b) {
    return new LoraLayer(linear, a, b, scaleAt(linear.name()), dropout);
  }

  /** The rank at a layer. */
  int rankAt(String path) {
    return firstMatch(rankPattern, path, rank);
  }

  /** s at a layer. */
  double scaleAt(String path) {
    return scaling.factor(firstMatch(alphaPattern, path, alpha), rankAt(path));
  }

  private static <T> T firstMatch(Map<String, T> patterns, String path, T otherwise) {
    for (Map.Entry<String, T> e : patterns.entrySet()) {
      if (Targets.compile("pattern", "(.*\\.)?(" + e.getKey() + ")").matcher(path).matches()) {
        return e.getValue();
      }
    }
    return otherwise;
  }
}
