package dev.temper.benchmarks;

import dev.temper.tensor.Autograd;
import dev.temper.tensor.DecodeKernels;
import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One product of a few rows with a matrix, call included: the engine's default in float32, and each
 * format of {@link DecodeKernels}. Sixteen matrices take turns, so that they come from memory as in
 * decoding.
 */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ProductBenchmark {
  private static final int MATRICES = 16;

  /** Rows of the input. */
  @Param({"1", "8", "32"})
  public int rows;

  /** Outputs x inputs. */
  @Param({"1536x576", "576x1536", "4864x896"})
  public String matrix = "";

  /** How the matrix is stored; ENGINE is the engine's own product. */
  @Param({"ENGINE", "FLOAT32", "FLOAT16", "INT8"})
  public String format = "";

  private final Parameter[] weights = new Parameter[MATRICES];
  private DecodeKernels kernels = new DecodeKernels(DecodeKernels.Format.FLOAT32);
  private float[] input = new float[0];
  private int inputs;
  private int turn;

  /** Makes the matrices. */
  @Setup
  public void make() {
    String[] sizes = matrix.split("x", 2);
    int outputs = Integer.parseInt(sizes[0]);
    inputs = Integer.parseInt(sizes[1]);
    input = Rng.of(1).uniforms(rows * inputs, -1, 1);
    if (!format.equals("ENGINE")) {
      kernels.close();
      kernels = new DecodeKernels(DecodeKernels.Format.valueOf(format));
    }
    for (int i = 0; i < MATRICES; i++) {
      Parameter p =
          Parameter.of("w" + i, Rng.of(i).uniforms(outputs * inputs, -0.1, 0.1), outputs, inputs);
      weights[i] = p;
      Scope.run("add", () -> kernels.add(p.value(), null));
    }
  }

  /** Frees them. */
  @TearDown
  public void free() {
    kernels.close();
    for (Parameter p : weights) {
      p.close();
    }
  }

  /** One product and the first of its numbers. */
  @Benchmark
  public float product() {
    turn = (turn + 1) % MATRICES;
    return Scope.run(
        "product",
        () -> {
          Tensor x = Tensors.of(input, rows, inputs);
          return (float) multiply(x).select(0, 0).select(0, 0).item();
        });
  }

  private Tensor multiply(Tensor x) {
    return format.equals("ENGINE")
        // Recording keeps Nn.linear on the engine's default.
        ? Autograd.record(() -> Nn.linear(x, weights[turn].value(), null))
        : kernels.product(turn, x);
  }
}
