package dev.temper.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * Compares gradients of a function of tensors with central finite differences, in double precision.
 *
 * <p>The function's output, of any shape, is contracted with fixed random weights, so that a wrong
 * gradient cannot hide in a sum. Every element of every input is moved by {@code ±step}; the error
 * of the quotient is of the order of step² plus 1e-16 / step. A function may use {@link
 * Autograd#stage}: the check follows the continuations as training does.
 *
 * <pre>{@code
 * GradientCheck.check(in -> in.get(0).matMul(in.get(1)), Input.random("a", 1, -1, 1, 2, 3), Input.random("b", 2, -1, 1, 3, 4));
 * }</pre>
 */
public final class GradientCheck {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-7;

  private GradientCheck() {}

  /** One differentiable input: a name for messages, its values (row-major) and its shape. */
  public record Input(String name, double[] values, long[] shape) {
    /** An input with these values. */
    public static Input of(String name, double[] values, long... shape) {
      return new Input(name, values, shape);
    }

    /** An input of numbers drawn uniformly from [low, high); the same for the same seed. */
    public static Input random(String name, long seed, double low, double high, long... shape) {
      Rng rng = Rng.of(seed);
      double[] values = new double[Math.toIntExact(Shape.of(shape).size())];
      Arrays.setAll(values, i -> low + (high - low) * rng.uniform(i));
      return new Input(name, values, shape);
    }
  }

  /** Checks with a step of 1e-5 and a tolerance of 1e-7, relative to max(1, |gradient|). */
  public static void check(Function<List<Tensor>, Tensor> function, Input... inputs) {
    check(function, STEP, TOLERANCE, inputs);
  }

  /**
   * Checks every element of every input.
   *
   * @param function from the inputs' tensors (F64, in order) to a tensor of any shape; called many
   *     times, it must be deterministic
   * @param step distance of the finite difference
   * @param tolerance largest |analytic - numeric| / max(1, |numeric|)
   * @throws AssertionError naming the input, the element and both values of the worst disagreement
   */
  public static void check(
      Function<List<Tensor>, Tensor> function, double step, double tolerance, Input... inputs) {
    List<Parameter> parameters = new ArrayList<>();
    try {
      for (Input input : inputs) {
        Parameter p = Parameter.zeros(input.name(), DType.F64, Shape.of(input.shape()));
        parameters.add(p);
        p.setTrainable(true);
        set(p, input.values());
      }
      List<double[]> analytic = analytic(function, parameters);
      for (int i = 0; i < inputs.length; i++) {
        compare(function, parameters, i, inputs[i], analytic.get(i), step, tolerance);
      }
    } finally {
      parameters.forEach(Parameter::close);
    }
  }

  /** The gradient of the contracted output with respect to each input, zeros where none arrived. */
  private static List<double[]> analytic(
      Function<List<Tensor>, Tensor> function, List<Parameter> parameters) {
    return Scope.run(
        "gradients",
        () -> {
          Autograd.record(
              () -> {
                Tensor out = function.apply(values(parameters));
                Autograd.backward(List.of(out), List.of(weights(out.shape())));
                return 0;
              });
          return parameters.stream()
              .map(
                  p ->
                      p.gradient()
                          .map(Tensor::toDoubles)
                          .orElseGet(() -> new double[(int) p.size()]))
              .toList();
        });
  }

  private static void compare(
      Function<List<Tensor>, Tensor> function,
      List<Parameter> parameters,
      int which,
      Input input,
      double[] analytic,
      double step,
      double tolerance) {
    double[] moved = input.values().clone();
    double worst = 0;
    String message = "";
    for (int j = 0; j < moved.length; j++) {
      double at = moved[j];
      moved[j] = at + step;
      set(parameters.get(which), moved);
      double above = contracted(function, parameters);
      moved[j] = at - step;
      set(parameters.get(which), moved);
      double below = contracted(function, parameters);
      moved[j] = at;
      double numeric = (above - below) / (2 * step);
      double error = Math.abs(analytic[j] - numeric) / Math.max(1, Math.abs(numeric));
      // Written so that NaN on either side counts as the worst.
      if (!(error <= worst)) {
        worst = error;
        message =
            String.format(
                Locale.ROOT,
                "d/d %s[%d] of %s: analytic %.12g, finite difference %.12g, relative error %.3g > %.3g",
                input.name(),
                j,
                Arrays.toString(input.shape()),
                analytic[j],
                numeric,
                error,
                tolerance);
      }
    }
    set(parameters.get(which), input.values());
    if (!(worst <= tolerance)) {
      throw new AssertionError(message);
    }
  }

  private static double contracted(
      Function<List<Tensor>, Tensor> function, List<Parameter> parameters) {
    return Scope.run(
        "difference",
        () ->
            Autograd.off(
                () -> {
                  Tensor out = function.apply(values(parameters));
                  return out.mul(weights(out.shape())).sum().item();
                }));
  }

  private static List<Tensor> values(List<Parameter> parameters) {
    return parameters.stream().map(Parameter::value).toList();
  }

  private static void set(Parameter p, double[] values) {
    Scope.run("set " + p.name(), () -> p.assign(Tensors.of(values, p.shape().dims())));
  }

  /** Fixed weights in [0.5, 1.5): none is near zero, so every output element counts. */
  private static Tensor weights(Shape shape) {
    Rng rng = Rng.of(20_240_229);
    double[] w = new double[Math.toIntExact(shape.size())];
    Arrays.setAll(w, i -> 0.5 + rng.uniform(i));
    return Tensors.of(w, shape.dims()).reshape(shape.dims());
  }
}
