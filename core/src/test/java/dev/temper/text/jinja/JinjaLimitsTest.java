package dev.temper.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.temper.UserException;
import dev.temper.text.jinja.JinjaException.Kind;
import java.time.Clock;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runaway templates, positions of errors and the fence around Java. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JinjaLimitsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ 'a' * 10 ** 9 }}",
        "{{ [1] * 10 ** 9 }}",
        "{{ 10 ** 99999 }}",
        "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s|tojson }}",
        "{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}"
            + "{{ ns.s == ns.t }}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{% for b in range(100000) %}0123456789{% endfor %}{% endfor %}",
        "{% set ns = namespace(n=3) %}{% for i in range(100) %}{% set ns.n = ns.n * ns.n %}{% endfor %}{{ ns.n }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ 'x'.ljust(999999999) }}",
        "{{ 'x'|center(999999999) }}",
        "{{ 'x\ny'|indent(999999999) }}",
        "{{ ('a' * 1000000).replace('', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb') }}",
        "{{ ('a,' * 20000000).split(',')|length }}",
        "{{ range(100000)|slice(99999999)|list }}",
        "{{ [1]|batch(99999999, 0)|list }}"
      })
  void runaway_templates_fail_with_overflow(String template) {
    JinjaException e =
        catchThrowableOfType(
            JinjaException.class, () -> JinjaTemplate.parse(template).render(Map.of()));
    assertThat(e).isNotNull();
    assertThat(e.kind()).as(e.getMessage()).isEqualTo(Kind.OVERFLOW);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% macro r() %}{{ r() }}{% endmacro %}{{ r() }}",
        "{% macro r() %}{% if true %}{% for i in [1] %}{{ [(1 + r()|length)] }}{% endfor %}{% endif %}{% endmacro %}{{ r() }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% macro r() %}{% call r() %}{{ caller() }}{% endcall %}{% endmacro %}{{ r() }}",
        "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}",
        "{% set ns = namespace(a=[]) %}{% for i in range(50000) %}{% set ns.a = [ns.a] %}{% endfor %}{{ ns.a }}",
        "{% set ns = namespace(a=[]) %}{% for i in range(50000) %}{% set ns.a = [ns.a] %}{% endfor %}{{ ns.a|tojson }}",
        "{% set ns = namespace(a=[], b=[]) %}{% for i in range(50000) %}{% set ns.a = [ns.a] %}{% set ns.b = [ns.b] %}{% endfor %}{{ ns.a == ns.b }}",
        "{% set ns = namespace(a=()) %}{% for i in range(50000) %}{% set ns.a = (ns.a,) %}{% endfor %}{{ {ns.a: 1} }}",
        "{% set ns = namespace(a=[1]) %}{% for i in range(50000) %}{% set ns.a = ns.a|map('string') %}{% endfor %}{{ ns.a|list }}",
        "{% set ns = namespace(a=[1]) %}{% for i in range(50000) %}{% set ns.a = ns.a|select %}{% endfor %}{{ ns.a|list }}"
      })
  void endless_recursion_fails_with_recursion(String template) {
    JinjaException e =
        catchThrowableOfType(
            JinjaException.class, () -> JinjaTemplate.parse(template).render(Map.of()));
    assertThat(e).isNotNull();
    assertThat(e.kind()).as(e.getMessage()).isEqualTo(Kind.RECURSION);
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "[", "{1:", "not ", "- ", "1 if ", "x[", "x("})
  void deep_nesting_in_the_source_fails_cleanly(String opening) {
    String template = "{{ " + opening.repeat(100_000) + " }}";
    assertThatThrownBy(() -> JinjaTemplate.parse(template)).isInstanceOf(JinjaException.class);
  }

  @Test
  void long_chains_of_operators_fail_cleanly_or_work() {
    String sum = "{{ 1" + " + 1".repeat(300) + " }}";
    assertThat(JinjaTemplate.parse(sum).render(Map.of()).text()).isEqualTo("301");
    String tooLong = "{{ 1" + " + 1".repeat(100_000) + " }}";
    assertThatThrownBy(() -> JinjaTemplate.parse(tooLong).render(Map.of()))
        .isInstanceOf(JinjaException.class);
  }

  @Test
  void a_long_search_for_a_long_text_takes_linear_time() {
    String template =
        "{% set a = 'a' * 3000000 %}{% set b = 'a' * 1500000 + 'b' %}{{ b in a }}{{ a.count(b) }}{{ a.rfind(b) }}";
    assertThat(JinjaTemplate.parse(template).render(Map.of()).text()).isEqualTo("False0-1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "a\\n\\n{{ x.y.z }} # 3 # UNDEFINED",
        "a\\n{% if true %}\\n{{ 1 + 'a' }}{% endif %} # 3 # TYPE",
        "{% for %} # 1 # SYNTAX",
        "\\n\\n{{ raise_exception('no') }} # 3 # RAISE_EXCEPTION",
        "{% macro m() %}\\n{{ 1 / 0 }}\\n{% endmacro %}\\n\\n{{ m() }} # 2 # ARITHMETIC"
      })
  void errors_name_the_line_of_the_template(String template, int line, Kind kind) {
    String source = template.replace("\\n", "\n");
    JinjaException e =
        catchThrowableOfType(
            JinjaException.class, () -> JinjaTemplate.parse(source).render(Map.of()));
    assertThat(e).isNotNull();
    assertThat(e.kind()).isEqualTo(kind);
    assertThat(e.line()).isEqualTo(line);
    assertThat(e).hasMessageContaining("line " + line);
  }

  @Test
  void text_of_users_is_never_evaluated() {
    String nasty = "{{ 7 * 7 }}{% for i in [1] %}{{ i }}{% endfor %}{# c #}";
    JinjaTemplate template =
        JinjaTemplate.parse("{{ a }}{{ a|upper|lower|replace('x', a) }}{{ [a]|join }}");
    assertThat(template.render(Map.of("a", nasty)).text())
        .isEqualTo(nasty + nasty.toLowerCase(java.util.Locale.ROOT) + nasty);
  }

  @Test
  void java_objects_are_refused() {
    JinjaTemplate template = JinjaTemplate.parse("{{ a }}");
    Map<String, Object> variables = Map.of("a", Map.of("b", List.of(new Thread())));
    assertThatThrownBy(() -> template.render(variables))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("a.b[0]")
        .hasMessageContaining("java.lang.Thread");
  }

  @Test
  void data_that_contains_itself_is_refused() {
    Map<String, Object> loop = new HashMap<>();
    loop.put("self", loop);
    JinjaTemplate template = JinjaTemplate.parse("x");
    assertThatThrownBy(() -> template.render(loop))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("nested");
  }

  @Test
  void null_prints_as_none_and_numbers_as_in_python() {
    Map<String, Object> variables = new LinkedHashMap<>();
    variables.put(
        "a", java.util.Arrays.asList(null, 1, 2L, 1.5f, 2.0, true, "x", Map.of("k", 1e16)));
    assertThat(JinjaTemplate.parse("{{ a }}").render(variables).text())
        .isEqualTo("[None, 1, 2, 1.5, 2.0, True, 'x', {'k': 1e+16}]");
  }

  @Test
  void limits_are_per_rendering() {
    JinjaTemplate template = JinjaTemplate.parse("{% for i in range(1000) %}x{% endfor %}");
    JinjaLimits limits = new JinjaLimits(5_000, 2_000, 50);
    for (int i = 0; i < 5; i++) {
      assertThat(template.render(Map.of(), Clock.systemUTC(), limits).text()).hasSize(1000);
    }
  }

  @Test
  void generation_blocks_in_macros_are_an_error_rather_than_a_wrong_span() {
    JinjaTemplate template =
        JinjaTemplate.parse(
            "{% macro m() %}{% generation %}a{% endgeneration %}{% endmacro %}{{ m() }}");
    assertThatThrownBy(() -> template.render(Map.of()))
        .isInstanceOf(JinjaException.class)
        .hasMessageContaining("generation");
  }

  @Test
  void nested_generation_blocks_are_all_reported() {
    JinjaTemplate template =
        JinjaTemplate.parse(
            "😀{% generation %}a{% generation %}b{% endgeneration %}{% endgeneration %}c");
    assertThat(template.render(Map.of()).generations())
        .containsExactly(new Span(3, 4), new Span(2, 4));
  }

  @Test
  void one_template_serves_many_threads() {
    JinjaTemplate template =
        JinjaTemplate.parse(
            "{% set ns = namespace(n=0) %}{% for i in range(n) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}");
    List<String> results =
        java.util.stream.IntStream.range(0, 200)
            .parallel()
            .mapToObj(n -> template.render(Map.of("n", n)).text())
            .toList();
    for (int n = 0; n < 200; n++) {
      assertThat(results.get(n)).isEqualTo(Integer.toString(n * (n - 1) / 2));
    }
  }
}
