package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PackingTest {
  @Test
  void packs_exactly_as_trl_does() {
    JsonNode cases = Golden.json("packing.json.gz").get("cases");
    assertThat(cases).hasSize(63);
    for (JsonNode test : cases) {
      String name =
          test.get("strategy").asText()
              + " "
              + test.get("seq_length")
              + " "
              + test.get("input_ids");
      List<TokenExample> examples = new ArrayList<>();
      for (JsonNode ids : test.get("input_ids")) {
        float[] mask = new float[ids.size()];
        for (int i = 0; i < mask.length; i++) {
          mask[i] = i % 2;
        }
        examples.add(new TokenExample(Golden.ints(ids), mask, Origin.memory("golden")));
      }
      Packing packing = Packing.valueOf(test.get("strategy").asText().toUpperCase(Locale.ROOT));
      List<PackedSequence> packed = packing.pack(examples, test.get("seq_length").asInt());
      JsonNode expected = test.get("expected");
      assertThat(packed).as(name).hasSameSizeAs(expected.get("input_ids"));
      for (int i = 0; i < packed.size(); i++) {
        List<TokenExample> segments = packed.get(i).segments();
        int[] ids = segments.stream().flatMapToInt(s -> IntStream.of(s.ids())).toArray();
        int[] mask =
            segments.stream()
                .flatMapToInt(s -> IntStream.range(0, s.length()).map(t -> (int) s.weights()[t]))
                .toArray();
        assertThat(ids).as(name).isEqualTo(Golden.ints(expected.get("input_ids").get(i)));
        assertThat(mask).as(name).isEqualTo(Golden.ints(expected.get("completion_mask").get(i)));
        if (packing == Packing.WRAPPED) {
          assertThat(segments).as(name).hasSize(1);
        } else {
          assertThat(segments.stream().mapToInt(TokenExample::length))
              .as(name)
              .containsExactly(boxed(Golden.ints(expected.get("seq_lengths").get(i))));
        }
      }
    }
  }

  @Test
  void no_sequence_is_too_long_and_splitting_strategies_lose_no_token() {
    SplittableRandom random = new SplittableRandom(11);
    for (int trial = 0; trial < 200; trial++) {
      int maxLength = 1 + random.nextInt(30);
      List<TokenExample> examples = new ArrayList<>();
      for (int i = random.nextInt(40); i > 0; i--) {
        examples.add(
            TokenExample.allTrained(
                random.ints(random.nextInt(50), 0, 1000).toArray(), Origin.memory("example " + i)));
      }
      int total = examples.stream().mapToInt(TokenExample::length).sum();
      int cut = examples.stream().mapToInt(e -> Math.min(maxLength, e.length())).sum();
      for (Packing packing : Packing.values()) {
        List<PackedSequence> packed = packing.pack(examples, maxLength);
        assertThat(packed)
            .allMatch(sequence -> sequence.length() > 0 && sequence.length() <= maxLength);
        assertThat(packed.stream().mapToInt(PackedSequence::length).sum())
            .isEqualTo(packing == Packing.BFD ? cut : total);
      }
    }
  }

  @Test
  void pieces_keep_their_origin() {
    TokenExample example =
        TokenExample.allTrained(new int[] {1, 2, 3}, new Origin("a.jsonl", 4, -1));
    assertThat(Packing.BFD_SPLIT.pack(List.of(example), 2))
        .allSatisfy(s -> assertThat(s.segments().get(0).origin().line()).isEqualTo(4));
    assertThatThrownBy(() -> Packing.BFD.pack(List.of(), 0)).hasMessageContaining("maxLength: 0");
    assertThat(Packing.BFD.pack(List.of(), 1)).isEmpty();
  }

  private static Integer[] boxed(int[] values) {
    return IntStream.of(values).boxed().toArray(Integer[]::new);
  }
}
