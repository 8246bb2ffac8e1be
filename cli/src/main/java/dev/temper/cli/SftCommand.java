package dev.temper.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.efficiency.peft.Adapter;
import dev.temper.efficiency.peft.Lora;
import dev.temper.efficiency.peft.Targets;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.LocalGenerator;
import dev.temper.generate.StopConditions;
import dev.temper.model.CausalLm;
import dev.temper.model.SaveType;
import dev.temper.sft.NefTune;
import dev.temper.sft.SftLosses;
import dev.temper.sft.SftTrainer;
import dev.temper.text.TrainOn;
import dev.temper.train.AdamW;
import dev.temper.train.Schedule;
import dev.temper.train.TrainingListener;
import dev.temper.train.TrainingReport;
import dev.temper.train.metrics.MetricRow;
import dev.temper.train.metrics.MetricSink;
import dev.temper.train.metrics.Phase;
import dev.temper.train.report.DataFile;
import dev.temper.train.report.OutputFile;
import dev.temper.train.report.Report;
import dev.temper.train.report.ReportData;
import dev.temper.train.report.RunDirectory;
import dev.temper.train.report.RunInfo;
import dev.temper.train.report.RunStatus;
import dev.temper.train.report.Sample;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code temper sft}: supervised fine-tuning. */
@Command(
    name = "sft",
    description = "Supervised fine-tuning with full weights or LoRA.",
    sortOptions = false)
final class SftCommand implements Callable<Integer> {
  /** What is trained. */
  enum Peft {
    NONE,
    LORA
  }

  /** How the learning rate moves. */
  enum ScheduleName {
    CONSTANT,
    LINEAR,
    COSINE
  }

  /** Which loss. */
  enum LossName {
    NLL,
    DFT
  }

  private static final String ALL_LINEAR = "all-linear";

  @Mixin final Common common = new Common();
  @Spec @Nullable CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Hugging Face model directory")
  @Nullable Path model;

  @Option(
      names = "--data",
      required = true,
      split = ",",
      paramLabel = "FILE",
      description = "JSONL or JSON (also gzip): text, messages, or prompt and completion")
  List<Path> data = new ArrayList<>();

  @Option(names = "--eval-data", split = ",", paramLabel = "FILE", description = "Held-out rows")
  List<Path> evalData = new ArrayList<>();

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Run directory")
  @Nullable Path out;

  @Option(names = "--overwrite", description = "Replace an earlier run in --out")
  boolean overwrite;

  @Option(names = "--resume", description = "Go on from the last checkpoint in --out")
  boolean resume;

  @Option(names = "--peft", defaultValue = "NONE", description = "${COMPLETION-CANDIDATES}")
  Peft peft = Peft.NONE;

  @Option(names = "--lora-rank", defaultValue = "8", description = "r")
  int loraRank = 8;

  @Option(names = "--lora-alpha", defaultValue = "16", description = "scaling is alpha / r")
  double loraAlpha = 16;

  @Option(names = "--lora-dropout", defaultValue = "0", description = "Dropout before A")
  double loraDropout;

  @Option(names = "--lora-rslora", description = "Scale by alpha / sqrt(r)")
  boolean loraRankStabilized;

  @Option(
      names = "--targets",
      split = ",",
      defaultValue = ALL_LINEAR,
      description = "all-linear, or suffixes such as q_proj,v_proj")
  List<String> targets = List.of(ALL_LINEAR);

  @Option(names = "--loss", defaultValue = "NLL", description = "${COMPLETION-CANDIDATES}")
  LossName loss = LossName.NLL;

  @Option(
      names = "--neftune-noise-alpha",
      defaultValue = "0",
      description = "Noise on the embeddings; 0 is off")
  double neftune;

  @Option(
      names = "--steps",
      defaultValue = "0",
      description = "Optimizer steps; 0 lets --epochs decide")
  long steps;

  @Option(names = "--epochs", defaultValue = "1", description = "Passes over the data")
  double epochs = 1;

  @Option(names = "--batch-size", defaultValue = "8", description = "Examples a step")
  int batchSize = 8;

  @Option(
      names = "--token-budget",
      defaultValue = "1024",
      description = "Most tokens of a micro-batch: sets peak memory")
  int tokenBudget = 1024;

  @Option(names = "--learning-rate", defaultValue = "2e-5", description = "Peak learning rate")
  double learningRate = 2e-5;

  @Option(names = "--schedule", defaultValue = "LINEAR", description = "${COMPLETION-CANDIDATES}")
  ScheduleName schedule = ScheduleName.LINEAR;

  @Option(
      names = "--warmup",
      defaultValue = "0",
      description = "Below 1 a share of the steps, else steps")
  double warmup;

  @Option(names = "--weight-decay", defaultValue = "0", description = "Decoupled weight decay")
  double weightDecay;

  @Option(
      names = "--max-grad-norm",
      defaultValue = "1",
      description = "Clip gradients to this norm; 0 is off")
  double maxGradNorm = 1;

  @Option(names = "--max-length", defaultValue = "1024", description = "Longer examples are cut")
  int maxLength = 1024;

  @Option(names = "--seed", defaultValue = "0", description = "Seed of everything")
  long seed;

  @Option(
      names = "--dtype",
      defaultValue = "F32",
      description = "Of saved models: ${COMPLETION-CANDIDATES}")
  SaveType dtype = SaveType.F32;

  @Option(names = "--no-shuffle", description = "Keep the order of the file")
  boolean noShuffle;

  @Option(names = "--eval-every", defaultValue = "0", description = "Steps between evaluations")
  long evalEvery;

  @Option(names = "--save-every", defaultValue = "0", description = "Steps between checkpoints")
  long saveEvery;

  @Option(
      names = "--patience",
      defaultValue = "0",
      description = "Stop after this many evaluations without improvement")
  int patience;

  @Option(
      names = "--sample-prompt",
      paramLabel = "TEXT",
      description = "Continued before and after training")
  @Nullable String samplePrompt;

  @Override
  public Integer call() {
    Path dir = Given.of(out, "--out");
    PrintWriter console = Given.of(spec, "spec").commandLine().getOut();
    if (overwrite && !resume) {
      removeEarlierRun(dir);
    }
    try (CausalLm lm = CausalLm.load(Given.of(model, "--model"))) {
      return train(lm, dir, console);
    }
  }

  private int train(CausalLm lm, Path dir, PrintWriter console) {
    SftTrainer trainer = trainer(lm, dir);
    console.printf(
        Locale.ROOT,
        "%s: %d examples, %d held out, %d steps%n",
        lm.source(),
        trainer.size(),
        trainer.heldOut().size(),
        trainer.plannedSteps());
    boolean evaluates = !trainer.heldOut().isEmpty();
    double before = evaluates ? trainer.evaluate() : Double.NaN;
    if (evaluates) {
      console.printf(Locale.ROOT, "held-out loss before: %.4f%n", before);
      console.flush();
    }
    String sampleBefore = sample(lm);
    Adapter adapter = peft == Peft.LORA ? lora().attach(lm) : null;
    if (adapter == null) {
      trainer.trainAll();
    } else {
      trainer.train(adapter);
    }
    RunDirectory run = open(dir, trainer);
    TrainingReport report;
    try (MetricSink sink = run.openSinks();
        Progress progress = new Progress(console)) {
      if (evaluates && !resume) {
        sink.record(MetricRow.eval(0, 0, Map.of("eval_loss", before)));
      }
      report = trainer.listener(progress).listener(recording(sink)).run();
    } catch (RuntimeException e) {
      run.end(RunStatus.FAILED, Map.of());
      throw e;
    }
    if (report.end() == TrainingReport.End.INTERRUPTED) {
      run.end(RunStatus.INTERRUPTED, report.metrics());
      console.println(
          "interrupted after step "
              + report.steps()
              + "; go on with the same command and --resume");
      console.flush();
      return 1;
    }
    finish(lm, adapter, trainer, run, report, before, sampleBefore, console);
    return 0;
  }

  private void finish(
      CausalLm lm,
      @Nullable Adapter adapter,
      SftTrainer trainer,
      RunDirectory run,
      TrainingReport report,
      double before,
      String sampleBefore,
      PrintWriter console) {
    Map<String, Double> metrics = new LinkedHashMap<>(report.metrics());
    if (!trainer.heldOut().isEmpty()) {
      double after = trainer.evaluate();
      metrics.put("eval_loss_before", before);
      metrics.put("eval_loss", after);
      console.printf(Locale.ROOT, "held-out loss before %.4f, after %.4f%n", before, after);
    }
    List<Sample> samples = new ArrayList<>();
    if (samplePrompt != null) {
      String sampleAfter = sample(lm);
      samples.add(new Sample(samplePrompt, sampleBefore, sampleAfter));
      console.println("before | " + samplePrompt + sampleBefore.replace("\n", "\n       | "));
      console.println("after  | " + samplePrompt + sampleAfter.replace("\n", "\n       | "));
    }
    List<OutputFile> written = new ArrayList<>();
    if (adapter != null) {
      Path adapterDir = run.root().resolve("adapter");
      adapter.save(adapterDir);
      written.add(
          new OutputFile(adapterDir.toString(), "LoRA adapter", "PEFT, vLLM, temper --adapter"));
      adapter.merge();
    }
    Path modelDir = run.root().resolve(adapter == null ? "model" : "merged");
    lm.save(modelDir, dtype);
    written.add(
        new OutputFile(
            modelDir.toString(),
            adapter == null ? "model" : "model with the adapter merged in",
            "transformers, vLLM, llama.cpp (convert), temper"));
    if (adapter != null) {
      adapter.close();
    }
    run.end(RunStatus.FINISHED, metrics);
    Report.write(run.reportHtml(), ReportData.of(run, samples, written));
    written.forEach(w -> console.printf("%-34s %s (for %s)%n", w.content(), w.path(), w.readBy()));
    console.printf("%-34s %s%n", "report", run.reportHtml());
    console.flush();
  }

  private SftTrainer trainer(CausalLm lm, Path dir) {
    SftTrainer t =
        SftTrainer.of(lm)
            .trainOn(TrainOn.assistant())
            .maxLength(maxLength)
            .loss(loss == LossName.DFT ? SftLosses.dft() : SftLosses.nll())
            .optimizer(AdamW.learningRate(learningRate).weightDecay(weightDecay))
            .schedule(schedule())
            .steps(steps)
            .epochs(epochs)
            .batchSize(batchSize)
            .tokenBudget(tokenBudget)
            .maxGradNorm(maxGradNorm)
            .evalEvery(evalEvery)
            .saveEvery(saveEvery)
            .patience(patience)
            .seed(seed)
            .shuffle(!noShuffle)
            .output(dir)
            .resume(resume);
    if (neftune > 0) {
      t.noise(new NefTune(neftune));
    }
    data.forEach(t::data);
    evalData.forEach(t::evalData);
    return t;
  }

  private Schedule schedule() {
    Schedule s =
        switch (schedule) {
          case CONSTANT -> Schedule.constant();
          case LINEAR -> Schedule.linear();
          case COSINE -> Schedule.cosine();
        };
    if (warmup == 0) {
      return s;
    }
    return warmup < 1 ? s.warmup(warmup) : s.warmup((int) warmup);
  }

  private Lora lora() {
    Targets chosen =
        targets.equals(List.of(ALL_LINEAR))
            ? Targets.allLinear()
            : Targets.suffixes(targets.toArray(String[]::new));
    Lora lora =
        Lora.rank(loraRank).alpha(loraAlpha).dropout(loraDropout).targets(chosen).seed(seed);
    return loraRankStabilized ? lora.rankStabilized() : lora;
  }

  private String sample(CausalLm lm) {
    if (samplePrompt == null) {
      return "";
    }
    StopConditions stop =
        StopConditions.tokens(
            lm.tokenizer().specialTokens().eos().map(t -> List.of(t.id())).orElse(List.of()));
    return new LocalGenerator(lm)
        .generate(
            List.of(GenerateCommand.textIds(lm, samplePrompt)),
            GenerationOptions.maxNewTokens(96).stop(stop))
        .get(0)
        .text();
  }

  private RunDirectory open(Path dir, SftTrainer trainer) {
    ObjectNode config = new ObjectMapper().createObjectNode();
    for (OptionSpec o : Given.of(spec, "spec").options()) {
      Object value = o.getValue();
      if (value != null
          && !List.of("--resume", "--debug", "--help", "--overwrite").contains(o.longestName())) {
        config.put(o.longestName().substring(2), String.valueOf(value));
      }
    }
    List<DataFile> files = new ArrayList<>();
    data.forEach(f -> files.add(DataFile.of(f, Phase.TRAIN, trainer.size())));
    evalData.forEach(f -> files.add(DataFile.of(f, Phase.EVAL, trainer.heldOut().size())));
    RunInfo info =
        new RunInfo(
            "SFT of " + model, config, seed, files, Map.of("djl", "0.36.0", "pytorch", "2.7.1"));
    Path state = dir.resolve("checkpoints").resolve("last").resolve("state.json");
    if (resume && Files.exists(state)) {
      try {
        return RunDirectory.resume(
            dir, info, new ObjectMapper().readTree(state.toFile()).get("step").asLong());
      } catch (IOException e) {
        throw new UserException(state + ": cannot be read: " + e.getMessage(), e);
      }
    }
    if (resume) {
      throw new UserException(
          dir + ": there is no checkpoint to go on from; start without --resume");
    }
    return RunDirectory.create(dir, info);
  }

  private static TrainingListener recording(MetricSink sink) {
    return new TrainingListener() {
      @Override
      public void onMetrics(MetricRow row) {
        sink.record(row);
      }
    };
  }

  /** Only what a run of ours wrote is removed, and only if the directory is a run. */
  private static void removeEarlierRun(Path dir) {
    if (!Files.exists(dir.resolve("run.json"))) {
      return;
    }
    try {
      for (String name :
          List.of(
              "run.json",
              "metrics.jsonl",
              "metrics.csv",
              "tensorboard",
              "checkpoints",
              "report.html",
              "adapter",
              "merged",
              "model")) {
        AtomicFiles.deleteTree(dir.resolve(name));
      }
    } catch (IOException e) {
      throw new UserException(dir + ": the earlier run cannot be removed: " + e.getMessage(), e);
    }
  }
}
