package dev.temper.train;

import dev.temper.UserException;
import dev.temper.data.TokenBudget;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Optim;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Shutdown;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.LossOutput.Mean;
import dev.temper.train.metrics.MetricRow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The one training loop: examples → normalisers → micro-batches by token budget → loss → backward →
 * clip → optimizer → schedule → listeners → checkpoint.
 *
 * <p>The normaliser of each loss term comes from host data over the whole step, so cutting a step
 * into micro-batches changes neither loss nor gradient. With checkpoints, training 2N steps equals
 * training N, being killed, resuming and training N more, bit for bit on one machine. When the
 * process is asked to end, the step in progress finishes, a checkpoint is written and {@link #run}
 * returns.
 */
public final class TrainingLoop {
  private final TrainingSettings settings;
  private final Optimizer.Settings optimizer;
  private final List<TrainingListener> listeners;

  /** A loop with these settings. */
  public TrainingLoop(
      TrainingSettings settings,
      Optimizer.Settings optimizer,
      List<? extends TrainingListener> listeners) {
    this.settings = settings;
    this.optimizer = optimizer;
    this.listeners = List.copyOf(listeners);
  }

  /**
   * Trains.
   *
   * @param heldOut examples to evaluate on; may be empty
   * @param resume whether to go on from the last checkpoint, if there is one
   * @throws UserException if the loss is not finite; the state before that step has been saved if
   *     there is an output directory
   */
  public <E> TrainingReport run(
      Trainable trainable,
      Source<E> source,
      Objective<E> objective,
      List<E> heldOut,
      boolean resume) {
    try (Optimizer running = optimizer.create(trainable.parameters())) {
      Run<E> run = new Run<>(trainable, source, objective, heldOut, running);
      TrainingReport[] report = new TrainingReport[1];
      Shutdown.guard(() -> report[0] = run.train(resume));
      return report[0];
    }
  }

  /** Loss and metrics of examples, without training. */
  public static <E> Evaluation evaluate(Objective<E> training, List<E> examples, int tokenBudget) {
    Objective<E> objective = training.forEvaluation();
    Counts counts = objective.counts(examples);
    Map<String, Mean> metrics = new LinkedHashMap<>();
    double total = 0;
    int[] lengths = examples.stream().mapToInt(objective::tokens).toArray();
    List<List<E>> microBatches = cut(examples, lengths, tokenBudget);
    Objective<E> ofAll = objective.forStep(microBatches);
    for (List<E> micro : microBatches) {
      total +=
          Scope.run(
              "evaluate",
              () ->
                  Autograd.off(
                      () -> {
                        LossOutput output = ofAll.evaluate(micro, Rng.of(0));
                        output.metrics().forEach((k, v) -> metrics.merge(k, v, Mean::plus));
                        return reduce(output, counts).item();
                      }));
    }
    Map<String, Double> means = new LinkedHashMap<>();
    metrics.forEach((name, mean) -> means.put(name, mean.value()));
    return new Evaluation(total, means);
  }

  /** Σ over the terms of Σ values · weights / count. */
  private static Tensor reduce(LossOutput output, Counts counts) {
    Tensor total = Tensors.scalar(0);
    for (LossOutput.Term t : output.terms()) {
      total =
          total.add(
              t.values()
                  .mul(t.weights())
                  .sum()
                  .div(Math.max(counts.of(t.per()), Double.MIN_NORMAL)));
    }
    return total;
  }

  private static <E> List<List<E>> cut(List<E> examples, int[] lengths, int tokenBudget) {
    List<List<E>> out = new ArrayList<>();
    for (int[] batch : TokenBudget.split(lengths, tokenBudget)) {
      out.add(pick(examples, batch));
    }
    return out;
  }

  private static <E> List<E> pick(List<E> all, int[] indices) {
    List<E> out = new ArrayList<>(indices.length);
    for (int i : indices) {
      out.add(all.get(i));
    }
    return out;
  }

  /** The state of one run. */
  private final class Run<E> {
    private final Trainable trainable;
    private final Source<E> source;
    private final Objective<E> objective;
    private final List<E> heldOut;
    private final Optimizer optimizer;
    private final Optional<Checkpoints> checkpoints;
    private final Map<String, Double> last = new LinkedHashMap<>();
    private final long started = System.nanoTime();
    private long step;
    private double tokensSeen;
    private long bestStep;
    private double bestLoss = Double.MAX_VALUE;
    private final Map<Parameter, float[]> bestWeights = new LinkedHashMap<>();
    private int sinceBest;
    private Optional<Path> saved = Optional.empty();

    Run(
        Trainable trainable,
        Source<E> source,
        Objective<E> objective,
        List<E> heldOut,
        Optimizer optimizer) {
      this.trainable = trainable;
      this.source = source;
      this.objective = objective;
      this.heldOut = heldOut;
      this.optimizer = optimizer;
      this.checkpoints =
          settings.checkpoints().map(dir -> new Checkpoints(dir, settings.keepCheckpoints()));
    }

    TrainingReport train(boolean resume) {
      if (resume) {
        checkpoints
            .flatMap(c -> c.restore(trainable.parameters(), optimizer, objective.state()))
            .ifPresent(this::goOn);
      }
      listeners.forEach(l -> l.onStart(step, settings.steps()));
      TrainingReport.End end = TrainingReport.End.FINISHED;
      while (step < settings.steps()) {
        trainStep();
        boolean lastStep = step == settings.steps();
        if (!heldOut.isEmpty()
            && settings.evalEvery() > 0
            && (step % settings.evalEvery() == 0 || lastStep)) {
          evaluate();
        }
        boolean stopEarly = settings.patience() > 0 && sinceBest >= settings.patience();
        boolean interrupted = Shutdown.requested() && !lastStep;
        if ((settings.saveEvery() > 0 && step % settings.saveEvery() == 0)
            || interrupted
            || lastStep
            || stopEarly) {
          save();
        }
        if (interrupted || stopEarly) {
          end = interrupted ? TrainingReport.End.INTERRUPTED : TrainingReport.End.EARLY_STOPPED;
          break;
        }
      }
      trainable.evaluationMode();
      boolean restore =
          settings.restoreBest() && bestStep > 0 && end != TrainingReport.End.INTERRUPTED;
      if (restore) {
        restoreBest();
      }
      Optional<TrainingReport.Best> best =
          bestStep == 0
              ? Optional.empty()
              : Optional.of(new TrainingReport.Best(bestStep, bestLoss, restore));
      return new TrainingReport(end, step, (System.nanoTime() - started) / 1e9, last, saved, best);
    }

    /** After the last checkpoint, which keeps the last step's weights. */
    private void restoreBest() {
      if (bestStep == step) {
        return; // these are the weights already
      }
      checkpoints.ifPresentOrElse(
          c -> c.restoreBest(trainable.parameters()), () -> bestWeights.forEach(Parameter::assign));
    }

    private void keepBest() {
      bestStep = step;
      if (checkpoints.isPresent()) {
        checkpoints.get().saveBest(trainable.parameters());
      } else if (settings.restoreBest()) {
        trainable.parameters().forEach(p -> bestWeights.put(p, p.toFloats()));
      }
    }

    private void goOn(Checkpoints.State state) {
      step = state.step();
      tokensSeen = state.tokens();
      bestStep = state.bestStep();
      bestLoss = state.bestLoss();
      sinceBest = state.sinceBest();
      source.resume(state.source());
    }

    private void trainStep() {
      long begun = System.nanoTime();
      String before = source.state();
      List<E> examples = source.next();
      Counts counts = objective.counts(examples);
      int[] lengths = examples.stream().mapToInt(objective::tokens).toArray();
      Rng rng = Rng.of(settings.seed()).split("step").split(step);
      Map<String, Mean> metrics = new LinkedHashMap<>();
      double loss = 0;
      int index = 0;
      List<List<E>> microBatches = cut(examples, lengths, settings.tokenBudget());
      Objective<E> ofStep = objective.forStep(microBatches);
      for (List<E> micro : microBatches) {
        Rng noise = rng.split(index++);
        trainable.beginMicroBatch(noise);
        loss += microBatch(ofStep, micro, counts, noise, metrics);
      }
      if (!Double.isFinite(loss)) {
        refuse(before, examples, "loss", loss);
      }
      double rate =
          optimizerSettings().learningRate() * settings.schedule().factor(step, settings.steps());
      double norm = gradientNorm();
      if (!Double.isFinite(norm)) {
        refuse(before, examples, "gradient norm", norm);
      }
      update(rate, norm);
      step++;
      ofStep.updated(step);
      int tokens = java.util.Arrays.stream(lengths).sum();
      tokensSeen += tokens;
      Map<String, Double> values = new LinkedHashMap<>();
      values.put("loss", loss);
      values.put("grad_norm", norm);
      values.put("learning_rate", rate);
      metrics.forEach((name, mean) -> values.put(name, mean.value()));
      values.put("num_tokens", tokensSeen);
      values.put("tokens_per_second", tokens / ((System.nanoTime() - begun) / 1e9));
      report(MetricRow.train(step, source.epoch(), values));
    }

    private Optimizer.Settings optimizerSettings() {
      return TrainingLoop.this.optimizer;
    }

    private double microBatch(
        Objective<E> ofStep, List<E> micro, Counts counts, Rng noise, Map<String, Mean> metrics) {
      return Scope.run(
          "micro-batch",
          () ->
              Autograd.record(
                  () -> {
                    LossOutput output = ofStep.evaluate(micro, noise);
                    Tensor loss = reduce(output, counts);
                    double value = loss.item();
                    if (Double.isFinite(value) && loss.requiresGradient()) {
                      Autograd.backward(loss);
                    }
                    output.metrics().forEach((k, v) -> metrics.merge(k, v, Mean::plus));
                    return value;
                  }));
    }

    private List<Tensor> gradients() {
      List<Tensor> gradients = new ArrayList<>();
      trainable.parameters().forEach(p -> p.gradient().ifPresent(gradients::add));
      return gradients;
    }

    private double gradientNorm() {
      return Scope.run("gradient norm", () -> Optim.norm(gradients()));
    }

    /** Clips, updates, zeroes. */
    private void update(double rate, double norm) {
      Scope.run(
          "update",
          () -> {
            double factor = settings.maxGradNorm() / (norm + 1e-6);
            if (settings.maxGradNorm() > 0 && factor < 1) {
              Optim.scale(gradients(), factor);
            }
            optimizer.step(rate);
            trainable.parameters().forEach(Parameter::zeroGradient);
          });
    }

    private void refuse(String sourceBefore, List<E> examples, String what, double value) {
      trainable.parameters().forEach(Parameter::zeroGradient);
      checkpoints.ifPresent(c -> saved = Optional.of(write(c, sourceBefore)));
      throw new UserException(
          "step "
              + (step + 1)
              + ": the "
              + what
              + " is "
              + value
              + " on "
              + examples.stream().limit(8).map(objective::describe).toList()
              + "; the weights are as they were before this step"
              + saved.map(p -> " (saved in " + p + ")").orElse("")
              + ". Lower the learning rate, or look at these rows. Last metrics: "
              + last);
    }

    private void evaluate() {
      trainable.evaluationMode();
      Evaluation found = TrainingLoop.evaluate(objective, heldOut, settings.tokenBudget());
      if (found.loss() < bestLoss) {
        bestLoss = found.loss();
        sinceBest = 0;
        keepBest();
      } else {
        sinceBest++;
      }
      Map<String, Double> values = new LinkedHashMap<>(found.logged());
      values.put("eval_num_tokens", tokensSeen);
      report(MetricRow.eval(step, source.epoch(), values));
    }

    private void report(MetricRow row) {
      last.putAll(row.values());
      listeners.forEach(l -> l.onMetrics(row));
    }

    private void save() {
      checkpoints.ifPresent(
          c -> {
            Path dir = write(c, source.state());
            saved = Optional.of(dir);
            listeners.forEach(l -> l.onCheckpoint(step, dir));
          });
    }

    private Path write(Checkpoints to, String sourceState) {
      return to.save(state(sourceState), trainable.parameters(), optimizer, objective.state());
    }

    private Checkpoints.State state(String sourceState) {
      return new Checkpoints.State(
          step, optimizer.steps(), sourceState, tokensSeen, bestStep, bestLoss, sinceBest);
    }
  }
}
