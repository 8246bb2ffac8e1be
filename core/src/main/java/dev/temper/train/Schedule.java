package dev.temper.train;

import static java.util.Objects.requireNonNull;

/**
 * The learning rate of a step as a multiple of the optimizer's own learning rate: a pure function
 * of the step.
 *
 * <p>A schedule is a linear warm-up from 0 to 1 followed by a {@link Shape}. Being pure, it has no
 * state to save: a resumed run asks for the factor of the step it is at. Steps are 0-based
 * optimizer steps, so with {@code w} warm-up steps the first step has factor 0 and step {@code w}
 * has factor 1.
 *
 * <pre>{@code
 * Schedule.cosine().warmup(0.1)            // a tenth of the run warms up, the rest decays along half a cosine
 * Schedule.wsd(0.2, Schedule.Decay.ONE_MINUS_SQRT).warmup(100)
 * }</pre>
 *
 * <p>Factors are those of {@code transformers.get_scheduler} (5.x). Differences: end values are
 * ratios of the learning rate, not rates; the length of the decay of {@link Wsd} is a fraction of
 * the run; a warm-up as long as the run never divides by zero.
 *
 * @param shape what follows the warm-up
 * @param warmup how long the factor rises from 0 to 1
 */
public record Schedule(Shape shape, Warmup warmup) {

  /** Checks that both parts are given. */
  public Schedule {
    requireNonNull(shape, "shape");
    requireNonNull(warmup, "warmup");
  }

  /** The learning rate does not change. */
  public static Schedule constant() {
    return of(new Constant());
  }

  /** Falls in a straight line from 1 to 0 at the end of the run. */
  public static Schedule linear() {
    return of(new Linear());
  }

  /** Falls along half a cosine from 1 to 0 (Loshchilov and Hutter 2017, without restarts). */
  public static Schedule cosine() {
    return cosine(0);
  }

  /**
   * Falls along half a cosine from 1 to {@code minRatio}.
   *
   * @param minRatio the factor at the end of the run, in [0, 1]
   */
  public static Schedule cosine(double minRatio) {
    return of(new Cosine(minRatio));
  }

  /**
   * Falls along half a cosine from 1 to 0, {@code cycles} times, jumping back to 1 between them
   * (SGDR, Loshchilov and Hutter 2017).
   *
   * @param cycles how many times, at least 1
   */
  public static Schedule cosineWithRestarts(int cycles) {
    return of(new CosineWithRestarts(cycles));
  }

  /**
   * Falls as {@code (1 - progress)^power} from 1 to {@code endRatio}.
   *
   * @param power the exponent, above 0; 1 is a straight line
   * @param endRatio the factor at the end of the run, in [0, 1)
   */
  public static Schedule polynomial(double power, double endRatio) {
    return of(new Polynomial(power, endRatio));
  }

  /**
   * Falls as {@code 1 / sqrt(step / w)} with {@code w} the warm-up steps (10,000 without warm-up);
   * independent of the run's length.
   */
  public static Schedule inverseSqrt() {
    return of(new InverseSqrt());
  }

  /**
   * Warm-up, stable, decay: stays at 1 and falls to 0 over the last part of the run (Hu et al.
   * 2024, MiniCPM).
   *
   * @param decayFraction the part of the run that decays, in (0, 1]; as steps it is rounded up, and
   *     cut to what the warm-up leaves
   * @param decay the form of the decay
   */
  public static Schedule wsd(double decayFraction, Decay decay) {
    return of(new Wsd(decayFraction, decay));
  }

  /**
   * The same shape after a warm-up of so many steps.
   *
   * @param steps at least 0
   */
  public Schedule warmup(int steps) {
    return new Schedule(shape, new WarmupSteps(steps));
  }

  /**
   * The same shape after a warm-up over a part of the run, rounded up to whole steps.
   *
   * @param ratio in [0, 1)
   */
  public Schedule warmup(double ratio) {
    return new Schedule(shape, new WarmupRatio(ratio));
  }

  /**
   * The factor to multiply the learning rate with.
   *
   * @param step the optimizer step, from 0; may lie beyond the end, where the factor stays at the
   *     end value
   * @param totalSteps the optimizer steps of the whole run, at least 1
   * @return a finite factor in [0, 1]
   */
  public double factor(long step, long totalSteps) {
    require(step >= 0, "step", step, "at least 0");
    require(totalSteps >= 1, "totalSteps", totalSteps, "at least 1");
    long warmupSteps = warmup.steps(totalSteps);
    return step < warmupSteps
        ? (double) step / warmupSteps
        : shape.factor(step, warmupSteps, totalSteps);
  }

  private static Schedule of(Shape shape) {
    return new Schedule(shape, new WarmupSteps(0));
  }

  private static void require(boolean valid, String parameter, Object value, String range) {
    if (!valid) {
      throw new IllegalArgumentException(
          "Schedule: " + parameter + " must be " + range + ", got " + value);
    }
  }

  /**
   * How far the run is between the end of the warm-up (0) and its last step (1); beyond 1 after
   * that.
   */
  private static double progress(long step, long warmupSteps, long totalSteps) {
    return (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  }

  private static double halfCosine(double progress) {
    return 0.5 * (1 + Math.cos(Math.PI * progress));
  }

  /** How long the learning rate rises. */
  public sealed interface Warmup {
    /** The warm-up as a number of steps of a run of {@code totalSteps}. */
    long steps(long totalSteps);
  }

  /**
   * A warm-up of a fixed number of steps.
   *
   * @param steps at least 0
   */
  public record WarmupSteps(int steps) implements Warmup {
    /** Checks the range. */
    public WarmupSteps {
      require(steps >= 0, "warmup steps", steps, "at least 0");
    }

    @Override
    public long steps(long totalSteps) {
      return steps;
    }
  }

  /**
   * A warm-up over a part of the run, rounded up to whole steps.
   *
   * @param ratio in [0, 1)
   */
  public record WarmupRatio(double ratio) implements Warmup {
    /** Checks the range. */
    public WarmupRatio {
      require(
          ratio >= 0 && ratio < 1,
          "warmup ratio",
          ratio,
          "in [0, 1); for a number of steps pass an int");
    }

    @Override
    public long steps(long totalSteps) {
      return (long) Math.ceil(totalSteps * ratio);
    }
  }

  /** What follows the warm-up. */
  public sealed interface Shape {
    /** The factor of a step that is not part of the warm-up: {@code step >= warmupSteps}. */
    double factor(long step, long warmupSteps, long totalSteps);
  }

  /** Always 1. */
  public record Constant() implements Shape {
    @Override
    public double factor(long step, long warmupSteps, long totalSteps) {
      return 1;
    }
  }

  /** A straight line to 0. */
  public record Linear() implements Shape {
    @Override
    public double factor(long step, long warmupSteps, long totalSteps) {
      return Math.max(0, (double) (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
    }
  }

  /**
   * Half a cosine.
   *
   * @param minRatio the factor at the end, in [0, 1]
   */
  public record Cosine(double minRatio) implements Shape {
    /** Checks the range. */
    public Cosine {
      require(minRatio >= 0 && minRatio <= 1, "minRatio", minRatio, "in [0, 1]");
    }

    @Override
    public double factor(long step, long warmupSteps, long totalSteps) {
      // transformers lets the cosine rise again after the end; here a run that goes on stays at the
      // end value
      double progress = Math.min(1, progress(step, warmupSteps, totalSteps));
      return Math.max(0, halfCosine(progress) * (1 - minRatio) + minRatio);
    }
  }

  /**
   * Half cosines one after the other.
   *
   * @param cycles at least 1
   */
  public record CosineWithRestarts(int cycles) implements Shape {
    /** Checks the range. */
    public CosineWithRestarts {
      require(cycles >= 1, "cycles", cycles, "at least 1");
    }

    @Override
    public double factor(long step, long warmupSteps, long totalSteps) {
      double progress = progress(step, warmupSteps, totalSteps);
      return progress >= 1 ? 0 : Math.max(0, halfCosine(cycles * progress % 1.0));
    }
  }

  /**
   * A power of what remains of the run.
   *
   * @param power above 0
   * @param endRatio the factor at the end, in [0, 1)
   */
  public record Polynomial(double power, double endRatio) implements Shape {
    /** Checks the ranges. */
    public Polynomial {
      require(power > 0 && Double.isFinite(power), "power", power, "above 0 and finite");
      require(endRatio >= 0 && endRatio < 1, "endRatio", endRatio, "in [0, 1)");
    }

    @Override
    public double factor(long step, long warmupSteps, long totalSteps) {
      double remaining = 1 - Math.min(1, progress(step, warmupSteps, totalSteps));
      return (1 - endRatio) * Math.pow(remaining, power) + endRatio;
    }
  }

  /** The inverse square root of the step. */
  public record InverseSqrt() implements Shape {
    /** The time scale of a run without warm-up. */
    private static final long DEFAULT_TIMESCALE = 10_000;

    @Override
    public double factor(long step, long warmupSteps, long totalSteps) {
      long timescale = warmupSteps == 0 ? DEFAULT_TIMESCALE : warmupSteps;
      return 1 / Math.sqrt((double) (step + timescale - warmupSteps) / timescale);
    }
  }

  /**
   * Constant, then a decay to 0 at the end.
   *
   * @param decayFraction the part of the run that decays, in (0, 1]
   * @param decay its form
   */
  public record Wsd(double decayFraction, Decay decay) implements Shape {
    /** Checks the range. */
    public Wsd {
      require(decayFraction > 0 && decayFraction <= 1, "decayFraction", decayFraction, "in (0, 1]");
      requireNonNull(decay, "decay");
    }

    @Override
    public double factor(long step, long warmupSteps, long totalSteps) {
      long decaySteps =
          Math.min((long) Math.ceil(decayFraction * totalSteps), totalSteps - warmupSteps);
      long begin = totalSteps - decaySteps;
      if (step < begin) {
        return 1;
      }
      return step >= totalSteps ? 0 : decay.factor((double) (step - begin) / decaySteps);
    }
  }

  /** The form of the decay of {@link Wsd}, from 1 at progress 0 to 0 at progress 1. */
  public enum Decay {
    /** {@code 1 - p}. */
    LINEAR,
    /** {@code (1 + cos πp) / 2}. */
    COSINE,
    /** {@code 1 - sqrt(p)} (Hägele et al. 2024). */
    ONE_MINUS_SQRT;

    private double factor(double progress) {
      return switch (this) {
        case LINEAR -> 1 - progress;
        case COSINE -> halfCosine(progress);
        case ONE_MINUS_SQRT -> 1 - Math.sqrt(progress);
      };
    }
  }
}
