package dev.temper.cli;

import static dev.temper.cli.Ran.temper;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** {@code temper inspect} and {@code temper doctor}. */
class InspectAndDoctorTest {
  @Test
  void a_model_is_summed_up_from_its_header() {
    Ran ran = temper("inspect", Story.MODEL).worked();

    assertThat(ran.out()).contains("F32", "tensors", "elements").doesNotContain("embed_tokens");
  }

  @Test
  void every_tensor_is_listed_if_asked() {
    Ran ran = temper("inspect", Story.MODEL, "--tensors").worked();

    assertThat(ran.out()).contains("model.embed_tokens.weight  F32 [512, 64]");
  }

  @Test
  void every_algorithm_of_the_catalogue_is_listed() {
    Ran ran = temper("inspect", "--algorithms").worked();

    assertThat(ran.out().lines()).hasSize(374 + 1).last().asString().matches("\\d+ of 374 done");
    assertThat(ran.out())
        .containsPattern("done  lora +peft-reparam .*\\[dev\\.temper\\.efficiency\\.peft\\.Lora]")
        .containsPattern("- +graph-of-thoughts +rl-reasoning +Graph of Thoughts\n");
  }

  @Test
  void algorithms_of_one_family() {
    Ran ran = temper("inspect", "--algorithms", "--family", "dpo").worked();

    assertThat(ran.out().lines()).hasSize(24 + 1);
  }

  @Test
  void a_family_nobody_knows() {
    temper("inspect", "--algorithms", "--family", "dop")
        .failed("did you mean 'dpo'?", "quantization");
  }

  @Test
  void nothing_to_inspect() {
    temper("inspect").failed("--algorithms");
    temper("inspect", Story.MODEL, "--algorithms").failed("either");
  }

  @Test
  void doctor_names_engine_natives_threads_memory_and_disk() {
    Ran ran = temper("doctor").worked();

    assertThat(ran.out())
        .containsPattern("java +\\d+")
        .containsPattern("system +\\w+.*processors")
        .containsPattern("memory +[\\d.]+ GiB")
        .containsPattern("heap +[\\d.]+ GiB")
        .containsPattern("disk +[\\d.]+ GiB free")
        .containsPattern("engine +PyTorch 2\\.7\\.1 by DJL 0\\.36\\.0 on cpu\\(\\), 1 threads")
        .containsPattern("natives +\\S*pytorch\\S*")
        .containsPattern("fbgemm +\\w+")
        .containsPattern("check +a small product is right");
  }
}
