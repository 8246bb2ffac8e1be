package dev.temper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** What a command said and how it ended. */
record Ran(int status, String out, String err) {
  /** Runs {@code temper} in this process; arguments that are lists are spread. */
  static Ran temper(Object... arguments) {
    String[] flat = words(Arrays.asList(arguments)).toArray(String[]::new);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status = Temper.run(new PrintWriter(out), new PrintWriter(err), flat);
    return new Ran(status, out.toString(), err.toString());
  }

  private static Stream<String> words(List<?> arguments) {
    return arguments.stream()
        .flatMap(a -> a instanceof List<?> list ? words(list) : Stream.of(String.valueOf(a)));
  }

  /** It worked, and said nothing on the side. */
  Ran worked() {
    assertThat(err).isEmpty();
    assertThat(status).isZero();
    return this;
  }

  /** It failed with status 1 and one clear message that holds all of these. */
  Ran failed(Object... saying) {
    assertThat(status).as(err).isEqualTo(1);
    assertThat(err.lines().toList()).as("one message: %s", err).hasSize(1);
    return said(saying);
  }

  /** It was used wrongly: status 2, one message that holds all of these and where to find help. */
  Ran misused(Object... saying) {
    assertThat(status).as(err).isEqualTo(2);
    assertThat(err.lines().toList()).as("one message and a hint: %s", err).hasSize(2);
    assertThat(err.lines().toList().get(1)).matches("Try 'temper (\\w+ )?--help'\\.");
    return said(saying);
  }

  private Ran said(Object... saying) {
    assertThat(err).startsWith("error: ").doesNotContain("\tat ", "a bug in temper", "null");
    assertThat(Arrays.stream(saying).map(String::valueOf))
        .allSatisfy(s -> assertThat(err).contains(s));
    return this;
  }
}
