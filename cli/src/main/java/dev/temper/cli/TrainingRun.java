package dev.temper.cli;

import dev.temper.efficiency.peft.Adapter;
import dev.temper.model.CausalLm;
import dev.temper.train.TrainingListener;
import dev.temper.train.TrainingReport;
import dev.temper.train.metrics.MetricRow;
import dev.temper.train.metrics.MetricSink;
import dev.temper.train.report.OutputFile;
import dev.temper.train.report.Report;
import dev.temper.train.report.ReportData;
import dev.temper.train.report.RunDirectory;
import dev.temper.train.report.RunInfo;
import dev.temper.train.report.RunStatus;
import dev.temper.train.report.Sample;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What every training command does around its trainer: held-out loss and a sample before, the run
 * directory, metrics and progress on the way, then the same again after, and the adapter, the model
 * and the report.
 */
record TrainingRun(
    CausalLm model,
    AdapterOptions adapters,
    RunOptions options,
    ReportOptions reporting,
    RunInfo info,
    PrintWriter console) {

  /** What was measured before training. */
  private record Before(double loss, String sample) {}

  /** The exit status: 0, or 1 if the process was asked to end before the last step. */
  int execute(Training training) {
    Before before = measure(training);
    Adapter adapter = adapters.attach(model, info.seed());
    RunDirectory run = options.open(info);
    try {
      TrainingReport report = train(training, adapter, run, before);
      if (report.end() == TrainingReport.End.INTERRUPTED) {
        return interrupted(run, report);
      }
      finish(training, adapter, run, report, before);
      return 0;
    } catch (RuntimeException e) {
      markFailed(run, e);
      throw e;
    }
  }

  private Before measure(Training training) {
    double loss = training.evaluates() ? training.evaluate() : Double.NaN;
    if (training.evaluates()) {
      console.printf(Locale.ROOT, "held-out loss before: %.4f%n", loss);
      console.flush();
    }
    return new Before(loss, reporting.sample(model));
  }

  private TrainingReport train(
      Training training, @Nullable Adapter adapter, RunDirectory run, Before before) {
    try (MetricSink sink = run.openSinks();
        Progress progress = new Progress(console)) {
      if (training.evaluates() && !options.resume) {
        sink.record(MetricRow.eval(0, 0, Map.of("eval_loss", before.loss())));
      }
      return training.run(adapter, List.of(progress, recording(sink)));
    }
  }

  private int interrupted(RunDirectory run, TrainingReport report) {
    run.end(RunStatus.INTERRUPTED, report.metrics());
    console.println(
        "interrupted after step " + report.steps() + "; go on with the same command and --resume");
    console.flush();
    return 1;
  }

  private void finish(
      Training training,
      @Nullable Adapter adapter,
      RunDirectory run,
      TrainingReport report,
      Before before) {
    Map<String, Double> metrics = new LinkedHashMap<>(report.metrics());
    if (training.evaluates()) {
      double after = training.evaluate();
      metrics.put("eval_loss_before", before.loss());
      metrics.put("eval_loss", after);
      console.printf(Locale.ROOT, "held-out loss before %.4f, after %.4f%n", before.loss(), after);
    }
    List<Sample> samples = sampleAgain(before);
    List<OutputFile> written = save(adapter, run);
    run.end(RunStatus.FINISHED, metrics);
    written.forEach(w -> console.printf("%-34s %s (for %s)%n", w.content(), w.path(), w.readBy()));
    if (reporting.report) {
      Report.write(run.reportHtml(), ReportData.of(run, samples, written));
      console.printf("%-34s %s%n", "report", run.reportHtml());
    }
    console.flush();
  }

  private List<Sample> sampleAgain(Before before) {
    String prompt = reporting.prompt;
    if (prompt == null) {
      return List.of();
    }
    String after = reporting.sample(model);
    console.println("before | " + prompt + before.sample().replace("\n", "\n       | "));
    console.println("after  | " + prompt + after.replace("\n", "\n       | "));
    return List.of(new Sample(prompt, before.sample(), after));
  }

  private List<OutputFile> save(@Nullable Adapter adapter, RunDirectory run) {
    List<OutputFile> written = new ArrayList<>();
    if (adapter != null) {
      Path dir = run.root().resolve("adapter");
      adapter.save(dir);
      written.add(new OutputFile(dir.toString(), "LoRA adapter", "PEFT, vLLM, temper --adapter"));
      adapter.merge();
    }
    Path dir = run.root().resolve(adapter == null ? "model" : "merged");
    model.save(dir, options.dtype);
    written.add(
        new OutputFile(
            dir.toString(),
            adapter == null ? "model" : "model with the adapter merged in",
            "transformers, vLLM, llama.cpp (convert), temper"));
    if (adapter != null) {
      adapter.close();
    }
    return written;
  }

  /** What went wrong matters more than that it cannot be written down, on a full disk say. */
  private static void markFailed(RunDirectory run, RuntimeException cause) {
    try {
      run.end(RunStatus.FAILED, Map.of());
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  private static TrainingListener recording(MetricSink sink) {
    return new TrainingListener() {
      @Override
      public void onMetrics(MetricRow row) {
        sink.record(row);
      }
    };
  }
}
