package dev.temper.train;

import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Applies a rule to all parameters that have a gradient: one native call for each kind. */
final class RuleOptimizer implements Optimizer {
  private final String name;
  private final UpdateRule rule;
  private final Map<Kind, List<Slot>> slots = new LinkedHashMap<>();
  private final List<Parameter> state = new ArrayList<>();
  private long steps;

  /** What parameters must have in common to be updated in one call. */
  private record Kind(double decay, int stateTensors) {}

  private record Slot(Parameter parameter, List<Parameter> state) {}

  RuleOptimizer(String name, UpdateRule rule, List<Parameter> parameters) {
    this.name = name;
    this.rule = rule;
    for (Parameter p : parameters) {
      Slot slot = new Slot(p, rule.state(p));
      Kind kind = new Kind(rule.decay(p), slot.state().size());
      slots.computeIfAbsent(kind, k -> new ArrayList<>()).add(slot);
      state.addAll(slot.state());
    }
  }

  @Override
  public void step(double learningRate) {
    steps++;
    slots.forEach((kind, same) -> Scope.run(name, () -> update(kind, same, learningRate)));
  }

  private void update(Kind kind, List<Slot> same, double learningRate) {
    List<Tensor> parameters = new ArrayList<>();
    List<Tensor> gradients = new ArrayList<>();
    List<List<Tensor>> states = new ArrayList<>();
    for (int i = 0; i < kind.stateTensors(); i++) {
      states.add(new ArrayList<>());
    }
    for (Slot slot : same) {
      slot.parameter()
          .gradient()
          .ifPresent(
              gradient -> {
                parameters.add(slot.parameter().value());
                gradients.add(gradient);
                for (int i = 0; i < states.size(); i++) {
                  states.get(i).add(slot.state().get(i).value());
                }
              });
    }
    if (!parameters.isEmpty()) {
      rule.update(
          new UpdateRule.Batch(parameters, gradients, states), learningRate, kind.decay(), steps);
    }
  }

  @Override
  public List<Parameter> state() {
    return List.copyOf(state);
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
    state.forEach(Parameter::close);
  }
}
