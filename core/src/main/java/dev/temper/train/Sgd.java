package dev.temper.train;

import dev.temper.tensor.DType;
import dev.temper.tensor.Optim;
import dev.temper.tensor.Parameter;
import java.util.List;

/**
 * Stochastic gradient descent, with momentum and Nesterov's look-ahead if wanted; the arithmetic is
 * that of torch.optim.SGD without dampening.
 *
 * <p>g ← g + λ·p; m ← μ·m + g; p ← p - lr · m, or p - lr · (g + μ·m) after Nesterov. The decay is
 * an L2 penalty: it passes through the momentum.
 *
 * @param momentum μ, in [0, 1); 0 keeps no state
 * @param nesterov needs a momentum
 * @param weightDecay λ; biases and the weights of norms are spared
 */
public record Sgd(double learningRate, double momentum, boolean nesterov, double weightDecay)
    implements Optimizer.Settings {
  /** Checks ranges. */
  public Sgd {
    Ranges.require(learningRate > 0, "Sgd", "learningRate", learningRate, "positive");
    Ranges.require(momentum >= 0 && momentum < 1, "Sgd", "momentum", momentum, "in [0, 1)");
    Ranges.require(
        !nesterov || momentum > 0, "Sgd", "momentum", momentum, "above 0 for Nesterov's variant");
    Ranges.require(weightDecay >= 0, "Sgd", "weightDecay", weightDecay, "0 or more");
  }

  /** Plain gradient descent. */
  public static Sgd learningRate(double learningRate) {
    return new Sgd(learningRate, 0, false, 0);
  }

  /** With momentum μ. */
  public Sgd momentum(double mu) {
    return new Sgd(learningRate, mu, nesterov, weightDecay);
  }

  /** With Nesterov's look-ahead; set the momentum before. */
  public Sgd withNesterov() {
    return new Sgd(learningRate, momentum, true, weightDecay);
  }

  /** With weight decay λ. */
  public Sgd weightDecay(double lambda) {
    return new Sgd(learningRate, momentum, nesterov, lambda);
  }

  @Override
  public Optimizer create(List<Parameter> parameters) {
    return new RuleOptimizer("sgd", new Rule(this), parameters);
  }

  private record Rule(Sgd settings) implements UpdateRule {
    @Override
    public List<Parameter> state(Parameter p) {
      // A buffer of zeros makes the first step the plain gradient, as torch's lazy buffer does.
      return settings.momentum == 0
          ? List.of()
          : List.of(Parameter.zeros(p.name() + ".momentum_buffer", DType.F32, p.shape()));
    }

    @Override
    public double decay(Parameter p) {
      return WeightDecay.of(p, settings.weightDecay, false);
    }

    @Override
    public void update(Batch batch, double learningRate, double decay, long step) {
      if (settings.momentum == 0) {
        Optim.sgd(batch.parameters(), batch.gradients(), learningRate, decay);
      } else {
        Optim.sgd(
            batch.parameters(),
            batch.gradients(),
            batch.state().get(0),
            learningRate,
            settings.momentum,
            decay,
            settings.nesterov);
      }
    }
  }
}
