package dev.temper.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StopScannerTest {
  @Test
  void holds_back_what_may_become_a_stop_string() {
    StopScanner scanner = StopConditions.none().strings("\nUser:").scanner();
    assertThat(scanner.append("Hello\n")).isEqualTo("Hello");
    assertThat(scanner.append("Us")).isEmpty();
    assertThat(scanner.append("age\nUse")).isEqualTo("\nUsage");
    assertThat(scanner.append("r: next")).isEmpty();
    assertThat(scanner.stopped()).isTrue();
    assertThat(scanner.stopString()).isEqualTo("\nUser:");
    assertThat(scanner.append("more")).isEmpty();
    assertThat(scanner.flush()).isEmpty();
  }

  @Test
  void keeps_the_stop_string_when_asked() {
    StopScanner scanner = StopConditions.tokens(2).strings("</a>").including().scanner();
    assertThat(scanner.append("42</")).isEqualTo("42");
    assertThat(scanner.append("a> rest")).isEqualTo("</a>");
  }

  @Test
  void flush_returns_what_was_held_back() {
    StopScanner scanner = StopConditions.none().strings("END").scanner();
    assertThat(scanner.append("the EN")).isEqualTo("the ");
    assertThat(scanner.flush()).isEqualTo("EN");
    assertThat(scanner.stopped()).isFalse();
  }

  @Test
  void equals_a_search_of_the_whole_text_however_it_is_cut() {
    String[] alphabet = {"a", "b", "😀", "😁", "\n"};
    for (int seed = 0; seed < 4000; seed++) {
      Random random = new Random(seed);
      String text = randomText(random, alphabet, random.nextInt(40));
      List<String> stops = new ArrayList<>();
      for (int s = random.nextInt(4); s > 0; s--) {
        stops.add(randomText(random, alphabet, 1 + random.nextInt(4)));
      }
      StopConditions.Cut cut =
          random.nextBoolean() ? StopConditions.Cut.BEFORE : StopConditions.Cut.AFTER;
      StopScanner scanner = new StopConditions(List.of(), stops, cut).scanner();

      StringBuilder emitted = new StringBuilder();
      int at = 0;
      while (at < text.length()) {
        int end = Math.min(text.length(), at + random.nextInt(6));
        String piece = scanner.append(text.substring(at, end));
        assertThat(piece)
            .as("seed %d", seed)
            .matches(p -> p.isEmpty() || !Character.isHighSurrogate(p.charAt(p.length() - 1)));
        assertThat(piece)
            .as("seed %d", seed)
            .matches(p -> p.isEmpty() || !Character.isLowSurrogate(p.charAt(0)));
        emitted.append(piece);
        at = end;
        if (!scanner.stopped()) {
          int certain = certainLength(text.substring(0, at), stops);
          assertThat(emitted.length())
              .as("seed %d: nothing is held back without need", seed)
              .isEqualTo(certain);
        }
      }
      emitted.append(scanner.flush());
      int @Nullable [] match = firstMatch(text, stops);
      assertThat(scanner.stopped()).as("seed %d", seed).isEqualTo(match != null);
      String expected =
          match == null
              ? text
              : text.substring(0, cut == StopConditions.Cut.BEFORE ? match[0] : match[1]);
      assertThat(emitted.toString()).as("seed %d: %s in %s", seed, stops, text).isEqualTo(expected);
    }
  }

  @Test
  void refuses_stop_strings_that_cannot_be_matched() {
    assertThatThrownBy(() -> StopConditions.none().strings(""))
        .hasMessageContaining("stop string is \"\", must be non-empty");
    assertThatThrownBy(() -> StopConditions.none().strings("a\ud83d"))
        .hasMessageContaining("half a surrogate pair");
    assertThatThrownBy(() -> StopConditions.tokens(-1)).hasMessageContaining("stop token id is -1");
    assertThat(StopConditions.tokens(7, 300).isStopToken(300)).isTrue();
    assertThat(StopConditions.tokens(7, 300).isStopToken(8)).isFalse();
  }

  private static String randomText(Random random, String[] alphabet, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append(alphabet[random.nextInt(alphabet.length)]);
    }
    return text.toString();
  }

  /** Start and end of the match that ends first, the longest of those; null if there is none. */
  private static int @Nullable [] firstMatch(String text, List<String> stops) {
    for (int end = 1; end <= text.length(); end++) {
      int start = end;
      for (String stop : stops) {
        if (text.substring(0, end).endsWith(stop)) {
          start = Math.min(start, end - stop.length());
        }
      }
      if (start < end) {
        return new int[] {start, end};
      }
    }
    return null;
  }

  /**
   * The most of a text without a match that no continuation can make part of a stop string or of
   * half a character.
   */
  private static int certainLength(String text, List<String> stops) {
    int held = 0;
    for (String stop : stops) {
      for (int length = 1; length < stop.length(); length++) {
        held = text.endsWith(stop.substring(0, length)) ? Math.max(held, length) : held;
      }
    }
    int certain = text.length() - held;
    return certain > 0 && Character.isHighSurrogate(text.charAt(certain - 1))
        ? certain - 1
        : certain;
  }
}
