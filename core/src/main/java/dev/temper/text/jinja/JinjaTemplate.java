package dev.temper.text.jinja;

import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;

/**
 * A parsed Jinja2 template, configured as transformers configures chat templates. Immutable and
 * safe to use from many threads.
 *
 * <p>The template is code from a model's files and is not trusted: it can read the variables it is
 * given and nothing else, change nothing but its own namespaces, and use no more than the {@link
 * JinjaLimits}. The variables are data: text in them is never evaluated.
 *
 * <p>Differences from Jinja2: the functions listed in the package description are missing; printing
 * an object that Python would show with a memory address (a function, a lazy sequence) is an error;
 * a {@code generation} block whose text goes through a macro or filter is an error instead of a
 * wrong span.
 */
public final class JinjaTemplate {
  private static final int MAX_SOURCE = 2_000_000;

  private final String source;
  private final Parser.Parsed parsed;

  private JinjaTemplate(String source, Parser.Parsed parsed) {
    this.source = source;
    this.parsed = parsed;
  }

  /**
   * The result of rendering.
   *
   * @param text the text
   * @param generations the parts of the text inside {@code {% generation %}}, in the order they
   *     ended
   */
  public record Rendered(String text, List<Span> generations) {
    /** Copies the list. */
    public Rendered {
      generations = List.copyOf(generations);
    }
  }

  /**
   * Parses a template.
   *
   * @throws JinjaException when the source is not valid, with the line
   */
  public static JinjaTemplate parse(String source) {
    if (source.length() > MAX_SOURCE) {
      throw JinjaException.value(
          "a template of "
              + source.length()
              + " characters; at most "
              + MAX_SOURCE
              + " are allowed");
    }
    try {
      return new JinjaTemplate(source, Parser.parse(source));
    } catch (StackOverflowError e) { // only on threads with very small stacks: nesting is bounded
      throw JinjaException.recursion();
    }
  }

  /** The source it was parsed from. */
  public String source() {
    return source;
  }

  /** Whether it marks what the model generates with {@code {% generation %}}. */
  public boolean hasGenerationBlocks() {
    return parsed.hasGeneration();
  }

  /** Renders with the system clock and the default limits. */
  public Rendered render(Map<String, ?> variables) {
    return render(variables, Clock.system(ZoneId.systemDefault()), JinjaLimits.DEFAULT);
  }

  /**
   * Renders.
   *
   * @param variables maps, lists, strings, numbers, booleans and null, nested as they come; they
   *     hide built-in functions of the same name
   * @param clock what {@code strftime_now} reads
   * @param limits what the rendering may use
   * @throws JinjaException when the template fails
   */
  public Rendered render(Map<String, ?> variables, Clock clock, JinjaLimits limits) {
    try {
      Output output =
          new Interpreter(JavaValues.variables(variables), clock, new Budget(limits))
              .run(parsed.statements());
      return new Rendered(output.text(), output.generations());
    } catch (
        StackOverflowError
            e) { // the depth limit comes first, unless the thread's stack is small or already deep
      throw JinjaException.recursion();
    }
  }
}
