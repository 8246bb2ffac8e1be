package dev.temper.train;

import dev.temper.tensor.DType;
import dev.temper.tensor.Optim;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Adafactor (Shazeer and Stern 2018): the second moment of a matrix [n, m] is kept as n row means
 * and m column means, so the state is a rounding error beside AdamW's.
 *
 * <p>β₂(t) = 1 - t^decayRate; V ← β₂V + (1-β₂)(g² + ε₁), factored; u ← g / √V̂; u ← u / max(1,
 * RMS(u) / clip); p ← p - lr·λ·p - lr·u, where lr is {@code learningRate} or the relative step, and
 * is multiplied by max(ε₂, RMS(p)) if {@code scaleParameter}.
 *
 * <p>The arithmetic is that of {@code transformers.Adafactor}, and {@link #learningRate} has the
 * settings of transformers' {@code optim="adafactor"}; {@link #relativeStep} has the paper's.
 * Differences from the paper: none.
 *
 * @param learningRate what the schedule multiplies; with a relative step the factor on it, usually
 *     1
 * @param epsilon1 added to squared gradients
 * @param epsilon2 smallest scale of a parameter
 * @param clip largest root mean square of an update
 * @param decayRate exponent of β₂(t), negative
 * @param beta1 decay of a first moment, if there is one
 * @param weightDecay λ, decoupled; biases and the weights of norms are spared
 * @param scaleParameter whether the learning rate is relative to the parameter's own size
 * @param relative how the learning rate moves by itself
 */
public record Adafactor(
    double learningRate,
    double epsilon1,
    double epsilon2,
    double clip,
    double decayRate,
    OptionalDouble beta1,
    double weightDecay,
    boolean scaleParameter,
    Relative relative)
    implements Optimizer.Settings {
  /** How the learning rate moves by itself, before the schedule. */
  public enum Relative {
    /** It does not. */
    NONE,
    /** min(0.01, 1/√t). */
    STEP,
    /** min(10⁻⁶·t, 1/√t). */
    STEP_WITH_WARMUP;

    double factor(long step) {
      double falling = 1 / Math.sqrt((double) step);
      return switch (this) {
        case NONE -> 1;
        case STEP -> Math.min(1e-2, falling);
        case STEP_WITH_WARMUP -> Math.min(1e-6 * step, falling);
      };
    }
  }

  /** Checks ranges. */
  public Adafactor {
    Ranges.require(learningRate > 0, "Adafactor", "learningRate", learningRate, "positive");
    Ranges.require(epsilon1 > 0, "Adafactor", "epsilon1", epsilon1, "positive");
    Ranges.require(epsilon2 > 0, "Adafactor", "epsilon2", epsilon2, "positive");
    Ranges.require(clip > 0, "Adafactor", "clip", clip, "positive");
    Ranges.require(decayRate < 0, "Adafactor", "decayRate", decayRate, "negative");
    double b1 = beta1.orElse(0);
    Ranges.require(b1 >= 0 && b1 < 1, "Adafactor", "beta1", b1, "in [0, 1)");
    Ranges.require(weightDecay >= 0, "Adafactor", "weightDecay", weightDecay, "0 or more");
  }

  /** A fixed learning rate, not scaled: what transformers' trainers call "adafactor". */
  public static Adafactor learningRate(double learningRate) {
    return new Adafactor(
        learningRate, 1e-30, 1e-3, 1, -0.8, OptionalDouble.empty(), 0, false, Relative.NONE);
  }

  /** The paper's: a relative step scaled by each parameter's size; leave the schedule constant. */
  public static Adafactor relativeStep() {
    return learningRate(1).scaled().relative(Relative.STEP);
  }

  /** With the learning rate scaled by each parameter's root mean square. */
  public Adafactor scaled() {
    return new Adafactor(
        learningRate, epsilon1, epsilon2, clip, decayRate, beta1, weightDecay, true, relative);
  }

  /** With a learning rate that moves by itself. */
  public Adafactor relative(Relative how) {
    return new Adafactor(
        learningRate, epsilon1, epsilon2, clip, decayRate, beta1, weightDecay, scaleParameter, how);
  }

  /** With a first moment, which costs as much memory as the parameters. */
  public Adafactor firstMoment(double b1) {
    return new Adafactor(
        learningRate,
        epsilon1,
        epsilon2,
        clip,
        decayRate,
        OptionalDouble.of(b1),
        weightDecay,
        scaleParameter,
        relative);
  }

  /** With weight decay λ. */
  public Adafactor weightDecay(double lambda) {
    return new Adafactor(
        learningRate, epsilon1, epsilon2, clip, decayRate, beta1, lambda, scaleParameter, relative);
  }

  @Override
  public Optimizer create(List<Parameter> parameters) {
    return new RuleOptimizer("adafactor", new Rule(this), parameters);
  }

  private record Rule(Adafactor settings) implements UpdateRule {
    @Override
    public List<Parameter> state(Parameter p) {
      List<Parameter> state = new ArrayList<>();
      int rank = p.shape().rank();
      if (rank >= 2) {
        long[] dims = p.shape().dims();
        long[] columns = Arrays.copyOf(dims, rank - 1);
        columns[rank - 2] = dims[rank - 1];
        Shape rows = Shape.of(Arrays.copyOf(dims, rank - 1));
        state.add(Parameter.zeros(p.name() + ".exp_avg_sq_row", DType.F32, rows));
        state.add(Parameter.zeros(p.name() + ".exp_avg_sq_col", DType.F32, Shape.of(columns)));
      } else {
        state.add(Parameter.zeros(p.name() + ".exp_avg_sq", DType.F32, p.shape()));
      }
      if (settings.beta1.isPresent()) {
        state.add(Parameter.zeros(p.name() + ".exp_avg", DType.F32, p.shape()));
      }
      return state;
    }

    @Override
    public double decay(Parameter p) {
      return WeightDecay.of(p, settings.weightDecay, false);
    }

    @Override
    public void update(Batch batch, double learningRate, double decay, long step) {
      Optim.AdafactorStep how =
          new Optim.AdafactorStep(
              learningRate * settings.relative.factor(step),
              settings.clip,
              settings.beta1.orElse(-1),
              decay,
              settings.scaleParameter ? settings.epsilon2 : 0,
              1 - Math.pow((double) step, settings.decayRate),
              settings.epsilon1);
      boolean moment = settings.beta1.isPresent();
      int seconds = batch.state().size() - (moment ? 1 : 0);
      var first = moment ? batch.state().get(seconds) : batch.gradients();
      if (seconds == 2) {
        Optim.adafactorFactored(
            batch.parameters(),
            batch.gradients(),
            batch.state().get(0),
            batch.state().get(1),
            first,
            how);
      } else {
        Optim.adafactorWhole(
            batch.parameters(), batch.gradients(), batch.state().get(0), first, how);
      }
    }
  }
}
