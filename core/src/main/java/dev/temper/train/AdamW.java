package dev.temper.train;

import dev.temper.tensor.DType;
import dev.temper.tensor.Optim;
import dev.temper.tensor.Parameter;
import java.util.List;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), fused: one native call a group.
 *
 * <p>p ← p - lr·λ·p; m ← β₁m + (1-β₁)g; v ← β₂v + (1-β₂)g²; p ← p - lr · m̂ / (√v̂ + ε).
 *
 * @param decayVectors whether biases and the weights of norms decay too; TRL and transformers leave
 *     them alone
 */
public record AdamW(
    double learningRate,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    boolean decayVectors)
    implements Optimizer.Settings {
  /** Checks ranges. */
  public AdamW {
    Ranges.require(learningRate > 0, "AdamW", "learningRate", learningRate, "positive");
    Ranges.require(beta1 >= 0 && beta1 < 1, "AdamW", "beta1", beta1, "in [0, 1)");
    Ranges.require(beta2 >= 0 && beta2 < 1, "AdamW", "beta2", beta2, "in [0, 1)");
    Ranges.require(epsilon > 0, "AdamW", "epsilon", epsilon, "positive");
    Ranges.require(weightDecay >= 0, "AdamW", "weightDecay", weightDecay, "0 or more");
  }

  /** β₁ 0.9, β₂ 0.999, ε 1e-8, no decay: the defaults of transformers. */
  public static AdamW learningRate(double learningRate) {
    return new AdamW(learningRate, 0.9, 0.999, 1e-8, 0, false);
  }

  /** With weight decay λ. */
  public AdamW weightDecay(double lambda) {
    return new AdamW(learningRate, beta1, beta2, epsilon, lambda, decayVectors);
  }

  /** With other moments. */
  public AdamW betas(double b1, double b2) {
    return new AdamW(learningRate, b1, b2, epsilon, weightDecay, decayVectors);
  }

  /** Decays every parameter, norms and biases too. */
  public AdamW decayingVectors() {
    return new AdamW(learningRate, beta1, beta2, epsilon, weightDecay, true);
  }

  @Override
  public Optimizer create(List<Parameter> parameters) {
    return new RuleOptimizer("adamw", new Rule(this), parameters);
  }

  private record Rule(AdamW settings) implements UpdateRule {
    @Override
    public List<Parameter> state(Parameter p) {
      return List.of(
          Parameter.zeros(p.name() + ".exp_avg", DType.F32, p.shape()),
          Parameter.zeros(p.name() + ".exp_avg_sq", DType.F32, p.shape()));
    }

    @Override
    public double decay(Parameter p) {
      return WeightDecay.of(p, settings.weightDecay, settings.decayVectors);
    }

    @Override
    public void update(Batch batch, double learningRate, double decay, long step) {
      Optim.adamW(
          batch.parameters(),
          batch.gradients(),
          batch.state().get(0),
          batch.state().get(1),
          step,
          learningRate,
          settings.beta1,
          settings.beta2,
          decay,
          settings.epsilon);
    }
  }
}
