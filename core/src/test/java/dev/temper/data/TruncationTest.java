package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TruncationTest {
  @Test
  void truncates_and_drops_as_trl_does() {
    int compared = 0;
    for (JsonNode test : Golden.json("truncation.json").get("cases")) {
      int maxLength =
          test.get("max_length").isNull() ? Integer.MAX_VALUE : test.get("max_length").asInt();
      boolean start = test.get("truncation_mode").asText().equals("keep_start");
      if (!start && maxLength == 1) {
        continue; // the one difference, tested below
      }
      List<TokenExample> examples = new ArrayList<>();
      for (JsonNode example : test.get("examples")) {
        float[] weights = new float[example.get("input_ids").size()];
        Arrays.fill(weights, 1);
        if (test.get("completion_only_loss").asBoolean()) {
          for (int t = 0; t < weights.length; t++) {
            weights[t] = example.get("completion_mask").get(t).asInt();
          }
        }
        examples.add(
            new TokenExample(
                Golden.ints(example.get("input_ids")), weights, Origin.memory("golden")));
      }
      Truncation.Result result =
          new Truncation(maxLength, start ? Truncation.Keep.START : Truncation.Keep.END)
              .apply(examples);
      assertThat(result.kept()).as(test.toString()).hasSameSizeAs(test.get("expected"));
      assertThat(result.dropped()).isEqualTo(examples.size() - result.kept().size());
      for (int i = 0; i < result.kept().size(); i++) {
        TokenExample kept = result.kept().get(i);
        JsonNode expected = test.get("expected").get(i);
        assertThat(kept.ids()).isEqualTo(Golden.ints(expected.get("input_ids")));
        int[] labels = new int[kept.length()];
        Arrays.setAll(labels, t -> kept.weights()[t] > 0 ? kept.ids()[t] : -100);
        assertThat(labels).isEqualTo(Golden.ints(expected.get("labels")));
      }
      compared++;
    }
    assertThat(compared).isEqualTo(13);
  }

  @Test
  void an_example_whose_only_trained_token_is_its_first_is_dropped() {
    TokenExample example = TokenExample.allTrained(new int[] {4, 5, 6}, Origin.memory("x"));
    assertThat(new Truncation(1, Truncation.Keep.END).apply(List.of(example)))
        .isEqualTo(new Truncation.Result(List.of(), 0, 1));
    assertThat(Truncation.keepStart(2).apply(List.of(example)).truncated()).isEqualTo(1);
    assertThatThrownBy(() -> Truncation.keepStart(0)).hasMessageContaining("maxLength: 0");
  }

  @Test
  void token_examples_check_their_arrays() {
    Origin origin = new Origin("a.jsonl", 3, -1);
    assertThatThrownBy(() -> new TokenExample(new int[1], new float[2], origin))
        .hasMessageContaining("a.jsonl:3: weights: 2 values for 1 token ids");
    assertThatThrownBy(() -> new TokenExample(new int[] {-1}, new float[1], origin))
        .hasMessageContaining("ids[0]: -1");
    assertThatThrownBy(() -> new TokenExample(new int[] {1}, new float[] {Float.NaN}, origin))
        .hasMessageContaining("weights[0]: NaN");
    TokenExample example = new TokenExample(new int[] {1, 2, 3}, new float[] {1, 0, 0.5f}, origin);
    assertThat(example.trainedTokens()).isEqualTo(1);
    assertThat(example.weighted(2).weights()).containsExactly(2, 0, 1);
    assertThat(example.slice(1, 3))
        .isEqualTo(new TokenExample(new int[] {2, 3}, new float[] {0, 0.5f}, origin));
  }
}
