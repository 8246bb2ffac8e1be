package dev.temper.train.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.train.metrics.MetricRow;
import dev.temper.train.metrics.Phase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;

/**
 * The HTML report of a run: one file that loads nothing and reads well without scripts.
 *
 * <p>Model output, prompts and settings are hostile text: everything is escaped, and a content
 * security policy lets the browser run only the report's own script, by its hash.
 */
public final class Report {
  private static final String CSS = resource("report.css");
  private static final String SCRIPT = resource("report.js");
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final int LONGEST_TEXT = 20_000;
  private static final int WIDE = 960;
  private static final int NARROW = 470;

  private Report() {}

  /**
   * Writes the report, replacing an earlier one atomically.
   *
   * @throws UserException if the file cannot be written
   */
  public static void write(Path html, ReportData data) {
    byte[] page = render(data).getBytes(StandardCharsets.UTF_8);
    AtomicFiles.stream(html, out -> out.write(page));
  }

  static String render(ReportData data) {
    Curves curves = new Curves(data.metrics());
    Element main = new Element("main").add(header(data.run()), cards(data, curves));
    main.add(charts(curves));
    if (!data.samples().isEmpty()) {
      main.add(samples(data.samples()));
    }
    if (!data.outputs().isEmpty()) {
      main.add(outputs(data.outputs()));
    }
    if (!data.run().info().data().isEmpty()) {
      main.add(dataFiles(data.run().info().data()));
    }
    main.add(settings(data.run()));
    main.add(sessions(data.run()));
    return page(data.run().info().title(), main);
  }

  private static String page(String title, Element main) {
    StringBuilder out = new StringBuilder(1 << 16);
    out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.append(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ")
        .append(hash(CSS));
    out.append("; script-src ")
        .append(hash(SCRIPT))
        .append("; base-uri 'none'; form-action 'none'\">\n");
    out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.append("<meta name=\"color-scheme\" content=\"light dark\">\n");
    new Element("title").text(title).writeTo(out);
    out.append("\n<style>").append(CSS).append("</style>\n</head>\n<body>\n");
    main.writeTo(out);
    return out.append("\n<script>")
        .append(SCRIPT)
        .append("</script>\n</body>\n</html>\n")
        .toString();
  }

  private static Element header(RunRecord run) {
    String status = run.status().label();
    List<String> facts =
        new ArrayList<>(
            List.of(DATE.format(run.sessions().get(0).startedAt()), "seed " + run.info().seed()));
    run.versions().forEach((name, version) -> facts.add(name + " " + version));
    return new Element("header")
        .add(
            new Element("h1")
                .text(run.info().title())
                .add(Element.of("span", "status " + status).text(status)))
        .add(Element.of("p", "facts").text(String.join(" · ", facts)));
  }

  // ---- cards
  // --------------------------------------------------------------------------------------------------------

  private static Element cards(ReportData data, Curves curves) {
    Element cards = Element.of("section", "cards");
    OptionalDouble before = curves.first(Phase.EVAL, "eval_loss");
    if (before.isPresent()) {
      cards.add(change("Held-out loss", before, curves.last(Phase.EVAL, "eval_loss")));
    }
    OptionalDouble trainLoss = curves.first(Phase.TRAIN, "loss");
    if (trainLoss.isPresent()) {
      cards.add(change("Training loss", trainLoss, curves.lastSmoothed("loss")));
    }
    if (!data.metrics().isEmpty()) {
      MetricRow last = data.metrics().get(data.metrics().size() - 1);
      cards.add(
          card("Steps", Numbers.whole(last.step()), Numbers.compact(last.epoch()) + " epochs"));
    }
    OptionalDouble tokens = curves.last(Phase.TRAIN, "num_tokens");
    tokens.ifPresent(
        count ->
            cards.add(card("Tokens", Numbers.compact(count), Numbers.whole(Math.round(count)))));
    Duration elapsed = data.run().elapsed();
    if (!elapsed.isZero()) {
      int sessions = data.run().sessions().size();
      cards.add(
          card(
              "Time",
              Numbers.duration(elapsed),
              sessions == 1 ? "one session" : sessions + " sessions"));
    }
    curves
        .median("tokens_per_second")
        .ifPresent(
            rate ->
                cards.add(card("Throughput", Numbers.compact(rate), "tokens per second, median")));
    return cards;
  }

  private static Element change(String name, OptionalDouble before, OptionalDouble after) {
    double from = before.orElseThrow();
    double to = after.orElse(from);
    String detail =
        from == 0
            ? ""
            : String.format(Locale.ROOT, "%+.1f %%", 100 * (to - from) / Math.abs(from))
                .replace('-', '−');
    Element value =
        Element.of("div", "value")
            .add(Element.of("span", "from").text(three(from) + " → "))
            .text(three(to));
    return card(name, value, detail);
  }

  private static String three(double value) {
    return Math.abs(value) >= 0.01 && Math.abs(value) < 1000
        ? String.format(Locale.ROOT, "%.3f", value)
        : Numbers.compact(value);
  }

  private static Element card(String name, String value, String detail) {
    return card(name, Element.of("div", "value").text(value), detail);
  }

  private static Element card(String name, Element value, String detail) {
    return Element.of("div", "card")
        .add(Element.of("div", "name").text(name), value, Element.of("div", "detail").text(detail));
  }

  // ---- charts
  // -------------------------------------------------------------------------------------------------------

  private static Element charts(Curves curves) {
    Element section = Element.of("section", "charts");
    List<String> names = curves.names();
    if (names.isEmpty()) {
      return section.add(new Element("p").text("No metrics were recorded."));
    }
    for (String metric : names) {
      boolean wide = metric.equals("loss");
      SvgChart chart = wide ? curves.chart(metric, WIDE, 320) : curves.chart(metric, NARROW, 220);
      section.add(figure(Curves.title(metric), chart, wide));
    }
    long missing = curves.notFinite();
    if (missing > 0) {
      section.add(
          Element.of("p", "warning")
              .text(
                  Numbers.whole(missing)
                      + " values were NaN or infinite and are missing from the charts."));
    }
    return section;
  }

  private static Element figure(String title, SvgChart chart, boolean wide) {
    Element caption =
        new Element("figcaption")
            .add(new Element("b").text(title), chart.legend(), Element.of("output", "readout"));
    return Element.of("figure", wide ? "wide" : "narrow").add(caption, chart.render());
  }

  // ---- tables
  // -------------------------------------------------------------------------------------------------------

  private static Element samples(List<Sample> samples) {
    Element body = new Element("tbody");
    for (Sample sample : samples) {
      body.add(
          new Element("tr")
              .add(said(sample.prompt()), said(sample.before()), said(sample.after())));
    }
    return section("Samples", "samples", List.of("Prompt", "Before", "After"), body);
  }

  private static Element said(String text) {
    if (text.length() <= LONGEST_TEXT) {
      return new Element("td").add(Element.of("div", "said").text(text));
    }
    String more = "… " + Numbers.whole(text.length() - LONGEST_TEXT) + " more characters";
    return new Element("td")
        .add(
            Element.of("div", "said").text(text.substring(0, LONGEST_TEXT)),
            Element.of("div", "detail").text(more));
  }

  private static Element outputs(List<OutputFile> outputs) {
    Element body = new Element("tbody");
    for (OutputFile file : outputs) {
      body.add(new Element("tr").add(code(file.path()), cell(file.content()), cell(file.readBy())));
    }
    return section("Files written", "outputs", List.of("File", "Content", "Read by"), body);
  }

  private static Element dataFiles(List<DataFile> files) {
    Element body = new Element("tbody");
    for (DataFile file : files) {
      Element row =
          new Element("tr")
              .add(code(file.path()), cell(file.phase() == Phase.EVAL ? "held-out" : "training"));
      row.add(
          number(Numbers.whole(file.rows())),
          number(Numbers.bytes(file.bytes())),
          code(file.sha256()).attr("class", "hash"));
      body.add(row);
    }
    return section("Data", "data", List.of("File", "Use", "Rows", "Size", "SHA-256"), body);
  }

  private static Element settings(RunRecord run) {
    Element body = new Element("tbody");
    flatten("", run.info().config(), body);
    return section("Settings", "settings", List.of("Setting", "Value"), body);
  }

  private static void flatten(String prefix, JsonNode node, Element body) {
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String name = prefix + field.getKey();
      JsonNode value = field.getValue();
      if (value.isObject() && !value.isEmpty()) {
        flatten(name + ".", value, body);
      } else {
        body.add(
            new Element("tr")
                .add(code(name), code(value.isTextual() ? value.textValue() : value.toString())));
      }
    }
  }

  private static Element sessions(RunRecord run) {
    Element body = new Element("tbody");
    for (RunSession session : run.sessions()) {
      String ended = session.endedAt() == null ? "not recorded" : DATE.format(session.endedAt());
      body.add(
          new Element("tr")
              .add(
                  number(Numbers.whole(session.fromStep())),
                  cell(DATE.format(session.startedAt())),
                  cell(ended)));
    }
    return section("Sessions", "sessions", List.of("From step", "Started", "Ended"), body);
  }

  private static Element section(String title, String css, List<String> columns, Element body) {
    Element head = new Element("tr");
    columns.forEach(column -> head.add(new Element("th").text(column)));
    Element table = Element.of("table", css).add(new Element("thead").add(head), body);
    return new Element("section")
        .add(new Element("h2").text(title), Element.of("div", "scroll").add(table));
  }

  private static Element cell(String text) {
    return new Element("td").text(text);
  }

  private static Element number(String text) {
    return Element.of("td", "number").text(text);
  }

  private static Element code(String text) {
    return new Element("td").add(new Element("code").text(text));
  }

  // ---- resources
  // ----------------------------------------------------------------------------------------------------

  private static String resource(String name) {
    try (InputStream in = Report.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("cannot read the resource " + name, e);
    }
  }

  private static String hash(String inline) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(inline.getBytes(StandardCharsets.UTF_8));
      return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
