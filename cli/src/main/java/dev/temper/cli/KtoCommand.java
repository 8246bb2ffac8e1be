package dev.temper.cli;

import dev.temper.UserException;
import dev.temper.alignment.Reference;
import dev.temper.alignment.UnpairedLoss;
import dev.temper.alignment.UnpairedPreferenceTrainer;
import dev.temper.alignment.loss.ApoZeroUnpairedLoss;
import dev.temper.alignment.loss.BcoLoss;
import dev.temper.alignment.loss.KtoLoss;
import dev.temper.alignment.loss.UnaLoss;
import dev.temper.model.CausalLm;
import dev.temper.tensor.EngineInfo;
import dev.temper.train.report.RunInfo;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code temper kto}: preference optimization on single completions that are good or bad. */
@Command(
    name = "kto",
    description =
        "Preference optimization on single completions that are good or bad: KTO, BCO, UNA.",
    sortOptions = false)
final class KtoCommand implements Callable<Integer> {
  /** Which loss. */
  enum LossName {
    KTO,
    APO_ZERO_UNPAIRED,
    BCO,
    UNA_SCORE,
    UNA_BINARY
  }

  @Mixin final Common common = new Common();
  @Mixin final ModelOptions model = new ModelOptions();
  @Mixin final DataOptions data = new DataOptions();
  @Mixin final RunOptions run = new RunOptions();
  @Mixin final AdapterOptions adapter = new AdapterOptions();

  @Option(names = "--loss", defaultValue = "KTO", description = "${COMPLETION-CANDIDATES}")
  LossName loss = LossName.KTO;

  @Option(names = "--beta", defaultValue = "0.1", description = "β (default: ${DEFAULT-VALUE})")
  double beta = 0.1;

  @Option(
      names = "--desirable-weight",
      defaultValue = "1",
      description = "Of good completions, for kto and apo_zero_unpaired")
  double desirableWeight = 1;

  @Option(
      names = "--undesirable-weight",
      defaultValue = "1",
      description = "Of bad completions, for kto and apo_zero_unpaired")
  double undesirableWeight = 1;

  @Mixin final ReferenceOptions reference = new ReferenceOptions();
  @Mixin final TrainingOptions training = new TrainingOptions();
  @Mixin final OptimizerOptions optimizer = new OptimizerOptions(1e-6);
  @Mixin final ReportOptions report = new ReportOptions();
  @Spec @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    CommandSpec command = Given.of(spec, "spec");
    PrintWriter console = command.commandLine().getOut();
    training.check();
    run.check();
    UnpairedLoss chosen = loss();
    boolean adapted = adapter.peft != AdapterOptions.Peft.NONE;
    reference.check(adapted, true);
    if (reference.isPrecomputed() && chosen.needsDivergence()) {
      throw new UserException(
          "--reference precomputed: --loss kto scores completions behind other prompts, which cannot"
              + " be done before training; leave the option out, or name a model directory");
    }
    // Completions behind other prompts cannot be scored before training: a second copy, whose
    // weights are mapped from the file, is the reference.
    boolean copy = reference.isDefault() && !adapted && chosen.needsDivergence();
    try (CausalLm lm = model.load();
        DpoCommand.Loaded other =
            new DpoCommand.Loaded(copy ? Optional.of(model.load()) : reference.load())) {
      UnpairedPreferenceTrainer trainer =
          UnpairedPreferenceTrainer.of(lm).maxLength(data.maxLength).loss(chosen);
      trainer.stopRule(data.stopRule).shuffle(data.shuffle);
      training.applyTo(trainer, optimizer, run);
      data.sources().forEach(trainer::data);
      data.evalData.forEach(trainer::evalData);
      other.model().map(Reference::model).ifPresent(trainer::reference);
      ExampleTraining<UnpairedPreferenceTrainer> all =
          new ExampleTraining<>(
              trainer,
              attached -> reference.of(other.model(), attached).ifPresent(trainer::reference),
              trainer::trainAll);
      all.announce(lm.source().toString(), "examples", console);
      EngineInfo engine = EngineInfo.load();
      RunInfo info =
          new RunInfo(
              "Preference optimization of " + model.directory(),
              RunConfig.of(command),
              training.seed,
              data.files(trainer.size(), trainer.heldOut().size()),
              Map.of("djl", engine.djlVersion(), "pytorch", engine.version()));
      return new TrainingRun(lm, adapter, run, report, info, console).execute(all);
    }
  }

  private UnpairedLoss loss() {
    return switch (loss) {
      case KTO -> new KtoLoss(beta, desirableWeight, undesirableWeight);
      case APO_ZERO_UNPAIRED -> new ApoZeroUnpairedLoss(beta, desirableWeight, undesirableWeight);
      case BCO -> new BcoLoss(beta);
      case UNA_SCORE -> new UnaLoss(beta, UnaLoss.Feedback.SCORE);
      case UNA_BINARY -> new UnaLoss(beta, UnaLoss.Feedback.BINARY);
    };
  }
}
