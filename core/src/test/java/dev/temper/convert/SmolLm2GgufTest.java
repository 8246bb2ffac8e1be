package dev.temper.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.ConfigJson;
import dev.temper.text.AddSpecialTokens;
import dev.temper.text.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A really trained instruct model from its Q4_1 GGUF file against the directory that transformers
 * makes of it. Needs both in the environment variables TEMPER_SMOLLM2 (the directory) and
 * TEMPER_SMOLLM2_GGUF (the file).
 */
@Tag("slow")
class SmolLm2GgufTest {
  @TempDir Path dir;

  @Test
  void weights_bit_for_bit_and_ids_one_by_one() {
    String directory = System.getenv("TEMPER_SMOLLM2");
    String gguf = System.getenv("TEMPER_SMOLLM2_GGUF");
    assumeTrue(
        directory != null
            && gguf != null
            && Files.exists(Path.of(directory, "model.safetensors"))
            && Files.exists(Path.of(gguf)),
        "set TEMPER_SMOLLM2 and TEMPER_SMOLLM2_GGUF to run this test");
    ModelConverter.keeping().convert(Path.of(gguf), dir);

    Checkpoint expected = Checkpoint.open(Path.of(directory));
    Checkpoint ours = Checkpoint.open(dir);
    assertThat(ours.names()).isEqualTo(expected.names());
    for (String name : expected.names()) {
      assertThat(ours.info(name).shape()).isEqualTo(expected.info(name).shape());
      // Whole buffers compare bytes, so zeros of different sign would be found.
      assertThat(ours.bytes(name).equals(expected.bytes(name))).as(name).isTrue();
    }
    JsonNode a = ConfigJson.read(dir);
    JsonNode b = ConfigJson.read(Path.of(directory));
    for (String key :
        List.of(
            "model_type",
            "hidden_size",
            "num_attention_heads",
            "num_key_value_heads",
            "head_dim",
            "tie_word_embeddings",
            "rope_parameters",
            "max_position_embeddings",
            "bos_token_id",
            "eos_token_id",
            "pad_token_id")) {
      assertThat(a.get(key)).as(key).isEqualTo(b.get(key));
    }
    try (Tokenizer mine = Tokenizer.load(dir);
        Tokenizer theirs = Tokenizer.load(Path.of(directory))) {
      assertThat(mine.vocabularySize()).isEqualTo(theirs.vocabularySize());
      assertThat(mine.specialTokens()).isEqualTo(theirs.specialTokens());
      assertThat(mine.chatTemplateSource()).isEqualTo(theirs.chatTemplateSource());
      Random random = new Random(5);
      for (int i = 0; i < 2000; i++) {
        String text = text(random);
        assertThat(mine.ids(text, AddSpecialTokens.YES))
            .as(text)
            .isEqualTo(theirs.ids(text, AddSpecialTokens.YES));
      }
    }
  }

  private static String text(Random random) {
    String[] pieces = {
      "<|im_start|>",
      "<|im_end|>\n",
      "The",
      " quick",
      "  ",
      "\n\n",
      "3.14159",
      " 2024",
      "1234567",
      "it's",
      "I'LL",
      " don't",
      "é",
      "日本",
      "🙂",
      "\t",
      "(x_1, y)",
      " https://a.b/c?d=1",
      "²",
      "½"
    };
    StringBuilder out = new StringBuilder();
    for (int n = random.nextInt(20); n >= 0; n--) {
      out.append(
          random.nextInt(8) == 0
              ? Character.toString(random.nextInt(0xd000))
              : pieces[random.nextInt(pieces.length)]);
    }
    return out.toString();
  }
}
