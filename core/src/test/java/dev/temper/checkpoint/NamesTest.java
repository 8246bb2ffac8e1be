package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamesTest {
  @ParameterizedTest
  @CsvSource({"kitten, sitting, 3", "'', abc, 3", "abc, '', 3", "same, same, 0", "flaw, lawn, 2"})
  void counts_the_edits_between_two_words(String a, String b, int distance) {
    assertThat(Names.distance(a, b)).isEqualTo(distance);
  }

  @Test
  void suggests_the_nearest_name_only_if_it_is_near() {
    assertThat(Names.hint("lerning_rate", List.of("batch_size", "learning_rate", "warmup")))
        .isEqualTo("; did you mean 'learning_rate'?");
    assertThat(Names.hint("colour", List.of("batch_size", "warmup"))).isEmpty();
    assertThat(Names.hint("x", List.of())).isEmpty();
  }

  @Test
  void takes_no_time_for_names_without_end() {
    assertThat(Names.hint("a".repeat(1_000_000), Collections.nCopies(50_000, "b".repeat(100_000))))
        .isEmpty();
  }
}
