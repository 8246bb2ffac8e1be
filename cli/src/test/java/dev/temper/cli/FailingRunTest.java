package dev.temper.cli;

import static dev.temper.cli.Ran.temper;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.SafetensorsFile;
import dev.temper.checkpoint.StoredType;
import dev.temper.checkpoint.TensorSource;
import dev.temper.tensor.EngineInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs that go wrong on the way leave a checkpoint, what was written before, and one clear error.
 */
class FailingRunTest {
  @TempDir Path dir;

  private Path data() throws IOException {
    return Files.write(
        dir.resolve("train.jsonl"), Collections.nCopies(4, "{\"text\": \"Once upon a time\"}"));
  }

  /** A model one of whose norms is not a number. */
  private Path sickModel() throws IOException {
    Path model = Story.copy(dir.resolve("sick"));
    Path weights = model.resolve("model.safetensors");
    SafetensorsFile file = SafetensorsFile.open(Story.MODEL.resolve("model.safetensors"));
    List<TensorSource> tensors = new ArrayList<>();
    for (String name : file.names()) {
      float[] values = floats(file, name);
      if (name.equals("model.norm.weight")) {
        values[3] = Float.NaN;
      }
      tensors.add(TensorSource.floats(name, StoredType.F32, file.info(name).dims(), () -> values));
    }
    CheckpointWriter.writeFile(weights, tensors);
    return model;
  }

  private static float[] floats(SafetensorsFile file, String name) {
    return dev.temper.checkpoint.Floats.widen(file.info(name), file.bytes(name));
  }

  @Test
  void a_loss_that_is_not_a_number_stops_the_run_after_a_checkpoint() throws IOException {
    Path run = dir.resolve("run");

    temper(
            "sft",
            "--model",
            sickModel(),
            "--data",
            data(),
            "--out",
            run,
            "--peft",
            "lora",
            "--steps",
            3)
        .failed(
            "step 1",
            "the loss is NaN",
            "train.jsonl:1",
            run.resolve("checkpoints/last"),
            "Last metrics");

    assertThat(run.resolve("checkpoints/last/trained.safetensors")).exists();
    JsonNode json = Story.JSON.readTree(run.resolve("run.json").toFile());
    assertThat(json.get("status").asText()).isEqualTo("failed");
  }

  @Test
  void a_rate_that_is_too_high_names_the_last_metrics() throws IOException {
    Path run = dir.resolve("run");

    Ran ran =
        temper(
                "sft",
                "--model",
                Story.MODEL,
                "--data",
                data(),
                "--out",
                run,
                "--steps",
                50,
                "--learning-rate",
                1e30,
                "--schedule",
                "constant")
            .failed("train.jsonl:", "the weights are as they were before this step", "grad_norm=");

    assertThat(ran.err()).matches("(?s)error: step \\d+: the (loss|gradient norm) is .*");
    SafetensorsFile saved =
        SafetensorsFile.open(run.resolve("checkpoints/last/trained.safetensors"));
    for (String name : saved.names()) {
      for (float value : floats(saved, name)) {
        assertThat(value).isFinite();
      }
    }
  }

  /** The kernel refuses to write beyond a size, as it refuses to write to a full disk. */
  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void a_disk_that_is_full_when_the_model_is_saved() throws Exception {
    assertThat(EngineInfo.load().works()).as("the natives are unpacked by now").isTrue();
    Path run = dir.resolve("run");
    Path log = dir.resolve("log");
    String command =
        String.join(
            " ",
            Arrays.asList(
                "ulimit -f 1200; exec '"
                    + Path.of(System.getProperty("java.home"), "bin", "java")
                    + "'",
                "-XX:+UseSerialGC -XX:-UsePerfData -Dai.djl.offline=true",
                "-cp '" + System.getProperty("java.class.path") + "' dev.temper.cli.Temper",
                "sft --model '" + Story.MODEL + "' --data '" + data() + "' --out '" + run + "'",
                "--steps 2 --save-every 1 --peft lora --lora-rank 1"));
    Process process =
        new ProcessBuilder("sh", "-c", command)
            .directory(dir.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();

    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    String said = Files.readString(log);
    assertThat(process.exitValue()).as(said).isEqualTo(1);
    assertThat(said.lines().filter(l -> l.startsWith("error: ")))
        .singleElement()
        .asString()
        .contains("model.safetensors", "cannot be written", "is the disk full?");
    assertThat(said).doesNotContain("\tat ");
    assertThat(run.resolve("merged/model.safetensors")).doesNotExist();
    assertThat(run.resolve("checkpoints/last/trained.safetensors")).exists();
    assertThat(run.resolve("adapter/adapter_model.safetensors")).exists();
    try (var files = Files.walk(run)) {
      assertThat(files.map(f -> f.getFileName().toString())).noneMatch(n -> n.contains(".tmp-"));
    }
    assertThat(Story.JSON.readTree(run.resolve("run.json").toFile()).get("status").asText())
        .isEqualTo("failed");
  }
}
