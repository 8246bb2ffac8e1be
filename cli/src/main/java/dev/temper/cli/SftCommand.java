package dev.temper.cli;

import dev.temper.data.Packing;
import dev.temper.efficiency.peft.Adapter;
import dev.temper.model.CausalLm;
import dev.temper.sft.NefTune;
import dev.temper.sft.SftLosses;
import dev.temper.sft.SftTrainer;
import dev.temper.tensor.EngineInfo;
import dev.temper.text.TrainOn;
import dev.temper.train.TrainingListener;
import dev.temper.train.TrainingReport;
import dev.temper.train.report.RunInfo;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code temper sft}: supervised fine-tuning. */
@Command(
    name = "sft",
    description = "Supervised fine-tuning with full weights or LoRA.",
    sortOptions = false)
final class SftCommand implements Callable<Integer> {
  /** Which loss. */
  enum LossName {
    NLL,
    DFT
  }

  @Mixin final Common common = new Common();
  @Mixin final ModelOptions model = new ModelOptions();
  @Mixin final DataOptions data = new DataOptions();
  @Mixin final RunOptions run = new RunOptions();
  @Mixin final AdapterOptions adapter = new AdapterOptions();

  @Option(names = "--loss", defaultValue = "NLL", description = "${COMPLETION-CANDIDATES}")
  LossName loss = LossName.NLL;

  @Option(
      names = "--neftune-noise-alpha",
      defaultValue = "0",
      description = "Noise on the embeddings; 0 is off")
  double neftune;

  @Option(
      names = "--router-aux-loss-coef",
      defaultValue = "0",
      description = "Weight of the loss that keeps the experts of a mixture busy; 0 is off")
  double routerWeight;

  @Option(
      names = "--packing",
      description =
          "Pack examples into rows of --max-length: ${COMPLETION-CANDIDATES}; --batch-size then"
              + " counts rows (default: no)")
  @Nullable Packing packing;

  @Mixin final TrainingOptions training = new TrainingOptions();
  @Mixin final OptimizerOptions optimizer = new OptimizerOptions(2e-5);
  @Mixin final ReportOptions report = new ReportOptions();
  @Spec @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    CommandSpec command = Given.of(spec, "spec");
    PrintWriter console = command.commandLine().getOut();
    training.check();
    run.check();
    try (CausalLm lm = model.load()) {
      SftTrainer trainer = trainer(lm);
      console.printf(
          Locale.ROOT,
          "%s: %d examples, %d held out, %d steps%n",
          lm.source(),
          trainer.size(),
          trainer.heldOut().size(),
          trainer.plannedSteps());
      warnOfLosses(trainer, console);
      EngineInfo engine = EngineInfo.load();
      RunInfo info =
          new RunInfo(
              "SFT of " + model.directory(),
              RunConfig.of(command),
              training.seed,
              data.files(trainer.size(), trainer.heldOut().size()),
              Map.of("djl", engine.djlVersion(), "pytorch", engine.version()));
      return new TrainingRun(lm, adapter, run, report, info, console).execute(of(trainer));
    }
  }

  private static void warnOfLosses(SftTrainer trainer, PrintWriter console) {
    if (trainer.dropped() > 0) {
      console.printf("warning: %d rows left out: nothing in them is trained%n", trainer.dropped());
    }
    if (trainer.truncated() > 0) {
      console.printf("warning: %d rows cut to --max-length%n", trainer.truncated());
    }
  }

  private SftTrainer trainer(CausalLm lm) {
    SftTrainer t =
        SftTrainer.of(lm)
            .trainOn(TrainOn.assistant())
            .maxLength(data.maxLength)
            .loss(loss == LossName.DFT ? SftLosses.dft() : SftLosses.nll())
            .routerWeight(routerWeight)
            .stopRule(data.stopRule)
            .shuffle(data.shuffle);
    training.applyTo(t, optimizer, run);
    if (neftune > 0) {
      t.noise(new NefTune(neftune));
    }
    if (packing != null) {
      t.packing(packing);
    }
    data.sources().forEach(t::data);
    data.evalData.forEach(t::evalData);
    return t;
  }

  private static Training of(SftTrainer trainer) {
    return new Training() {
      @Override
      public boolean evaluates() {
        return !trainer.heldOut().isEmpty();
      }

      @Override
      public double evaluate() {
        return trainer.evaluate();
      }

      @Override
      public TrainingReport run(@Nullable Adapter adapter, List<TrainingListener> listeners) {
        listeners.forEach(trainer::listener);
        return (adapter == null ? trainer.trainAll() : trainer.train(adapter)).run();
      }
    };
  }
}
