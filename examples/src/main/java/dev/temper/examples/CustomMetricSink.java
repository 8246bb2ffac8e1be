///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DEPS dev.temper:temper-sft:0.1.0-SNAPSHOT
//DEPS ai.djl.pytorch:pytorch-native-cpu:2.7.1:linux-x86_64
package dev.temper.examples;

import dev.temper.model.CausalLm;
import dev.temper.sft.SftTrainer;
import dev.temper.train.TrainingListener;
import dev.temper.train.metrics.MetricRow;
import dev.temper.train.metrics.MetricSink;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Sends the numbers of a run somewhere of one's own: here into a table that keeps the worst. */
public final class CustomMetricSink {
  private CustomMetricSink() {}

  /** Keeps the largest value of every metric; one may as well post them to a monitoring system. */
  static final class Largest implements MetricSink {
    private final Map<String, Double> largest = new TreeMap<>();

    @Override
    public void record(MetricRow row) {
      row.values().forEach((name, value) -> largest.merge(name, value, Math::max));
    }

    @Override
    public void close() {}

    Map<String, Double> values() {
      return largest;
    }
  }

  /** Trains a few steps and prints the table. */
  public static void main(String[] args) {
    run(Path.of("examples/models/stories260K"), Path.of("examples/data/shakespeare-train.jsonl"))
        .forEach((name, value) -> System.out.printf("%-20s %.4f%n", name, value));
  }

  static Map<String, Double> run(Path base, Path data) {
    try (CausalLm model = CausalLm.load(base);
        Largest sink = new Largest()) {
      SftTrainer.of(model)
          .trainAll()
          .data(data)
          .steps(4)
          .batchSize(4)
          .listener(recordingTo(sink))
          .run();
      return sink.values();
    }
  }

  private static TrainingListener recordingTo(MetricSink sink) {
    return new TrainingListener() {
      @Override
      public void onMetrics(MetricRow row) {
        sink.record(row);
      }
    };
  }
}
