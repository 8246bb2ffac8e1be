package dev.temper.generate.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.UserException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegexTest {
  private static final String[] EXPRESSIONS = {
    "",
    "a",
    "ab|c",
    "(a|b)*c",
    "a+b?c{2}",
    "a{0,3}b{2,}",
    "[a-c]+[^a-c]",
    "(?:ab|a)(bc|c)?",
    "\\d{1,3}\\.\\w+",
    "[\\d.]+\\s*[^\\s]",
    ".*b.*",
    "é+|ß",
    "[à-ü]{2}",
    "[^a]",
    "(a*)*b",
    "(|a){3}",
    "^abc$",
    "a\\x41\\u00e9?",
    "[-a]b[a-]",
    "\\(\\[\\{\\\\",
    "😀|[😀-😂]a",
    "((a|b){2}|c){0,2}",
    "\\W\\D\\S",
    "a{2}?",
    "a*?b"
  };

  @Test
  void matches_what_java_util_regex_matches_on_random_texts() {
    String alphabet = "abcABC12.\n é ßàü😀😁(\\[{";
    int[] letters = alphabet.codePoints().toArray();
    Random random = new Random(1);
    for (String expression : EXPRESSIONS) {
      ByteAutomaton automaton = new ByteAutomaton(Regex.parse(expression));
      Pattern pattern = Pattern.compile(expression);
      int matches = 0;
      for (int i = 0; i < 3000; i++) {
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(7); n > 0; n--) {
          text.appendCodePoint(letters[random.nextInt(letters.length)]);
        }
        boolean expected = pattern.matcher(text).matches();
        assertThat(matches(automaton, text.toString()))
            .as("%s on '%s'", expression, text)
            .isEqualTo(expected);
        matches += expected ? 1 : 0;
      }
      assertThat(matches + (expression.isEmpty() ? 1 : 0)).as(expression).isNotNegative();
    }
  }

  @Test
  void every_code_point_is_in_the_class_it_belongs_to_and_no_other_bytes_are() {
    ByteAutomaton any = new ByteAutomaton(Regex.parse("[\\s\\S]"));
    ByteAutomaton latin = new ByteAutomaton(Regex.parse("[^a-\\u0900]"));
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c >= 0xD800 && c <= 0xDFFF) {
        continue;
      }
      String text = Character.toString(c);
      assertThat(matches(any, text)).as("U+%04X", c).isTrue();
      assertThat(matches(latin, text)).as("U+%04X", c).isEqualTo(c < 'a' || c > 0x900);
    }
    byte[][] notUtf8 = {
      {(byte) 0x80},
      {(byte) 0xC0, (byte) 0x80},
      {(byte) 0xED, (byte) 0xA0, (byte) 0x80},
      {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
      {(byte) 0xE2, (byte) 0x82}
    };
    for (byte[] bytes : notUtf8) {
      assertThat(any.accepts(any.next(ByteAutomaton.START, bytes, 0))).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '§',
      value = {
        "(ab § a ( without its )",
        "ab) § an unmatched )",
        "*a § a quantifier with nothing before it",
        "a{3,1} § maximum is below its minimum",
        "a{x} § a { that begins no",
        "[z-a] § a range that does not go up",
        "[^\\s\\S] § a class that no character is in",
        "(?=a) § (?",
        "a++ § possessive",
        "a\\b § escape \\b",
        "(a)\\1 § escape \\1",
        "a^b § whole text",
        "[a § a [ without its ]",
        "a{20000} § repetition of more than 10000",
        "\\u12 § 4 hexadecimal digits",
        "\\ud800 § half a surrogate pair"
      })
  void what_is_not_supported_is_refused_with_its_position(String expression, String message) {
    assertThatThrownBy(() -> Regex.parse(expression))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("position")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"((((a{100}){100}){100}){100})", "(.{5000}){5000}"})
  void an_expression_that_would_fill_the_memory_is_refused(String expression) {
    Regex regex = Regex.parse(expression);
    assertThatThrownBy(() -> new ByteAutomaton(regex))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("automaton nodes");
  }

  @Test
  void deep_nesting_and_random_input_end_in_one_clear_error() {
    assertThatThrownBy(() -> Regex.parse("(".repeat(5000)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("nested groups");
    Random random = new Random(2);
    String pieces = "()[]{}|*+?^$\\.,-:=abd0x19u";
    for (int i = 0; i < 100_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n > 0; n--) {
        text.append(pieces.charAt(random.nextInt(pieces.length())));
      }
      try {
        Regex.parse(text.toString());
      } catch (UserException e) {
        assertThat(e.getMessage()).contains("position");
      }
    }
  }

  static boolean matches(ByteAutomaton automaton, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return automaton.accepts(automaton.next(ByteAutomaton.START, bytes, 0));
  }
}
