package dev.temper.train;

import dev.temper.tensor.DType;
import dev.temper.tensor.Optim;
import dev.temper.tensor.Parameter;
import java.util.List;

/**
 * Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2): every
 * weight moves by the learning rate, only the direction is learnt. Half the state of AdamW;
 * learning rates 3 to 10 times smaller and decays as much larger than AdamW's are usual.
 *
 * <p>u ← sign(β₁m + (1-β₁)g); p ← p - lr · (u + λ·p); m ← β₂m + (1-β₂)g.
 *
 * <p>Differences from the paper: none.
 *
 * @param weightDecay λ, decoupled; biases and the weights of norms are spared
 */
public record Lion(double learningRate, double beta1, double beta2, double weightDecay)
    implements Optimizer.Settings {
  /** Checks ranges. */
  public Lion {
    Ranges.require(learningRate > 0, "Lion", "learningRate", learningRate, "positive");
    Ranges.require(beta1 >= 0 && beta1 < 1, "Lion", "beta1", beta1, "in [0, 1)");
    Ranges.require(beta2 >= 0 && beta2 < 1, "Lion", "beta2", beta2, "in [0, 1)");
    Ranges.require(weightDecay >= 0, "Lion", "weightDecay", weightDecay, "0 or more");
  }

  /** β₁ 0.9, β₂ 0.99, no decay: the paper's betas. */
  public static Lion learningRate(double learningRate) {
    return new Lion(learningRate, 0.9, 0.99, 0);
  }

  /** With other betas; the paper takes 0.95 and 0.98 for language models. */
  public Lion betas(double b1, double b2) {
    return new Lion(learningRate, b1, b2, weightDecay);
  }

  /** With weight decay λ. */
  public Lion weightDecay(double lambda) {
    return new Lion(learningRate, beta1, beta2, lambda);
  }

  @Override
  public Optimizer create(List<Parameter> parameters) {
    return new RuleOptimizer("lion", new Rule(this), parameters);
  }

  private record Rule(Lion settings) implements UpdateRule {
    @Override
    public List<Parameter> state(Parameter p) {
      return List.of(Parameter.zeros(p.name() + ".exp_avg", DType.F32, p.shape()));
    }

    @Override
    public double decay(Parameter p) {
      return WeightDecay.of(p, settings.weightDecay, false);
    }

    @Override
    public void update(Batch batch, double learningRate, double decay, long step) {
      Optim.lion(
          batch.parameters(),
          batch.gradients(),
          batch.state().get(0),
          learningRate,
          settings.beta1,
          settings.beta2,
          decay);
    }
  }
}
