package dev.temper.train;

import dev.temper.tensor.DType;
import dev.temper.tensor.Optim;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), fused: one native call a group.
 *
 * <p>p ← p - lr·λ·p; m ← β₁m + (1-β₁)g; v ← β₂v + (1-β₂)g²; p ← p - lr · m̂ / (√v̂ + ε).
 *
 * @param decayVectors whether norms and biases (1-d parameters) decay too; TRL and transformers
 *     leave them alone
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
    require(learningRate > 0, "learningRate", learningRate, "positive");
    require(beta1 >= 0 && beta1 < 1, "beta1", beta1, "in [0, 1)");
    require(beta2 >= 0 && beta2 < 1, "beta2", beta2, "in [0, 1)");
    require(epsilon > 0, "epsilon", epsilon, "positive");
    require(weightDecay >= 0, "weightDecay", weightDecay, "0 or more");
  }

  private static void require(boolean ok, String name, double value, String range) {
    if (!ok) {
      throw new IllegalArgumentException("AdamW " + name + " = " + value + ": must be " + range);
    }
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
    return new Running(this, parameters);
  }

  private static final class Running implements Optimizer {
    private final AdamW settings;
    private final List<Slot> slots = new ArrayList<>();
    private long steps;

    private record Slot(Parameter parameter, Parameter first, Parameter second, double decay) {}

    Running(AdamW settings, List<Parameter> parameters) {
      this.settings = settings;
      for (Parameter p : parameters) {
        boolean decays = settings.decayVectors || p.shape().rank() > 1;
        slots.add(
            new Slot(
                p,
                Parameter.zeros(p.name() + ".exp_avg", DType.F32, p.shape()),
                Parameter.zeros(p.name() + ".exp_avg_sq", DType.F32, p.shape()),
                decays ? settings.weightDecay : 0));
      }
    }

    @Override
    public void step(double learningRate) {
      steps++;
      for (double decay : slots.stream().mapToDouble(Slot::decay).distinct().toArray()) {
        Scope.run("adamw", () -> update(decay, learningRate));
      }
    }

    private void update(double decay, double learningRate) {
      List<Tensor> parameters = new ArrayList<>();
      List<Tensor> gradients = new ArrayList<>();
      List<Tensor> first = new ArrayList<>();
      List<Tensor> second = new ArrayList<>();
      for (Slot s : slots) {
        if (s.decay == decay) {
          s.parameter
              .gradient()
              .ifPresent(
                  g -> {
                    parameters.add(s.parameter.value());
                    gradients.add(g);
                    first.add(s.first.value());
                    second.add(s.second.value());
                  });
        }
      }
      if (!parameters.isEmpty()) {
        Optim.adamW(
            parameters,
            gradients,
            first,
            second,
            steps,
            learningRate,
            settings.beta1,
            settings.beta2,
            decay,
            settings.epsilon);
      }
    }

    @Override
    public List<Parameter> state() {
      List<Parameter> out = new ArrayList<>();
      for (Slot s : slots) {
        out.add(s.first);
        out.add(s.second);
      }
      return out;
    }

    @Override
    public long steps() {
      return steps;
    }

    @Override
    public void resume(long steps) {
      this.steps = steps;
    }

    @Override
    public void close() {
      state().forEach(Parameter::close);
    }
  }
}
