package dev.temper.cli;

import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.PreferenceTrainer;
import dev.temper.alignment.Reference;
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
import picocli.CommandLine.Spec;

/** {@code temper dpo}: preference optimization on pairs. */
@Command(
    name = "dpo",
    description =
        "Preference optimization on pairs of a chosen and a rejected completion: DPO and its"
            + " family.",
    sortOptions = false)
final class DpoCommand implements Callable<Integer> {
  @Mixin final Common common = new Common();
  @Mixin final ModelOptions model = new ModelOptions();
  @Mixin final DataOptions data = new DataOptions();
  @Mixin final RunOptions run = new RunOptions();
  @Mixin final AdapterOptions adapter = new AdapterOptions();
  @Mixin final PreferenceLossOptions losses = new PreferenceLossOptions();
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
    PreferenceLoss loss = losses.loss();
    reference.check(adapter.peft != AdapterOptions.Peft.NONE, loss.needsReference());
    try (CausalLm lm = model.load();
        Loaded other = new Loaded(reference.load())) {
      PreferenceTrainer trainer = PreferenceTrainer.of(lm).maxLength(data.maxLength).loss(loss);
      trainer.stopRule(data.stopRule).shuffle(data.shuffle);
      training.applyTo(trainer, optimizer, run);
      data.sources().forEach(trainer::data);
      data.evalData.forEach(trainer::evalData);
      other.model().map(Reference::model).ifPresent(trainer::reference);
      ExampleTraining<PreferenceTrainer> all =
          new ExampleTraining<>(
              trainer,
              attached -> reference.of(other.model(), attached).ifPresent(trainer::reference),
              trainer::trainAll);
      all.announce(lm.source().toString(), "pairs", console);
      if (trainer.ties() > 0) {
        console.printf("warning: chosen and rejected are the same in %d pairs%n", trainer.ties());
      }
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

  /** A second model, if there is one. */
  record Loaded(Optional<CausalLm> model) implements AutoCloseable {
    @Override
    public void close() {
      model.ifPresent(CausalLm::close);
    }
  }
}
