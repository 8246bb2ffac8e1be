package dev.temper.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.temper.data.Origin;
import dev.temper.data.TokenExample;
import dev.temper.efficiency.peft.Lora;
import dev.temper.efficiency.peft.Targets;
import dev.temper.model.CausalLm;
import dev.temper.sft.NefTune;
import dev.temper.sft.SftTrainer;
import dev.temper.tensor.Census;
import dev.temper.train.AdamW;
import dev.temper.train.TrainingListener;
import dev.temper.train.metrics.MetricRow;
import dev.temper.train.metrics.Phase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A long run leaks nothing, natively or on the heap, whenever the collector comes. */
@Tag("slow")
class MemoryTest {
  private static final int STEPS = 500;
  // Until then the native allocator finds its sizes, and the JVM compiles and touches its heap.
  private static final int WARM = 200;

  /** What one step leaves. */
  private record Reading(long step, int arrays, double megabytes) {}

  @Test
  @EnabledOnOs(OS.LINUX)
  void five_hundred_lora_steps_with_forced_collections_keep_memory_flat() {
    int before = Census.liveArrays();
    List<Reading> readings = new ArrayList<>();
    try (CausalLm model = CausalLm.load(Repository.root().resolve("examples/models/stories260K"));
        var adapter = Lora.rank(4).dropout(0.1).targets(Targets.allLinear()).attach(model)) {
      SftTrainer.of(model)
          .train(adapter)
          .examples(examples(64))
          .evalExamples(examples(4))
          .optimizer(AdamW.learningRate(1e-3))
          .noise(new NefTune(5))
          .batchSize(8)
          .tokenBudget(128)
          .steps(STEPS)
          .evalEvery(50)
          .listener(
              new TrainingListener() {
                @Override
                public void onMetrics(MetricRow row) {
                  if (row.phase() == Phase.TRAIN && row.step() % 10 == 0) {
                    System.gc();
                    readings.add(new Reading(row.step(), Census.liveArrays(), residentMegabytes()));
                  }
                }
              })
          .run();
    }
    readings.stream()
        .filter(r -> r.step() % 100 == 0)
        .forEach(
            r ->
                System.out.printf(
                    "step %d: %d native arrays, %.1f MB resident%n",
                    r.step(), r.arrays(), r.megabytes()));
    System.out.printf("native arrays before %d, after closing %d%n", before, Census.liveArrays());

    assertThat(Census.liveArrays())
        .as("native arrays after everything is closed")
        .isEqualTo(before);
    assertThat(readings)
        .extracting(Reading::arrays)
        .as("between steps")
        .containsOnly(readings.get(0).arrays());
    double early =
        mean(readings.stream().filter(r -> r.step() > WARM && r.step() <= WARM + 100).toList());
    double late = mean(readings.stream().filter(r -> r.step() > STEPS - 100).toList());
    System.out.printf("mean resident: steps 201-300 %.1f MB, 401-500 %.1f MB%n", early, late);
    assertThat(late).as("resident megabytes of the last hundred steps").isLessThan(early + 4);
  }

  private static double mean(List<Reading> readings) {
    return readings.stream().mapToDouble(Reading::megabytes).average().orElseThrow();
  }

  private static List<TokenExample> examples(int count) {
    Random random = new Random(1);
    List<TokenExample> out = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] ids = random.ints(8 + random.nextInt(40), 3, 512).toArray();
      out.add(TokenExample.allTrained(ids, Origin.memory("example " + i)));
    }
    return out;
  }

  private static double residentMegabytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
        }
      }
      throw new IllegalStateException("no VmRSS in /proc/self/status");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
