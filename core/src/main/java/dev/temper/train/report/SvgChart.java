package dev.temper.train.report;

import dev.temper.train.report.Series.Point;
import dev.temper.train.report.Series.Style;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A line chart as inline SVG. Colours come from the page's style sheet; the drawing needs no
 * script. Its data attributes let a script show the values under the pointer.
 *
 * @param label what the chart shows, for screen readers
 * @param series the curves, drawn in this order; at least one with a finite value
 * @param log whether the y axis is logarithmic; ignored unless every value is above 0
 * @param width the width in pixels at which the text has its natural size
 * @param height the height in pixels
 */
record SvgChart(String label, List<Series> series, boolean log, int width, int height) {
  private static final int LEFT = 54;
  private static final int RIGHT = 14;
  private static final int TOP = 10;
  private static final int BOTTOM = 28;
  private static final double MARK_RADIUS = 3.5;

  Element render() {
    List<Point> all = series.stream().flatMap(s -> s.finite().stream()).toList();
    double minX = all.stream().mapToDouble(Point::x).min().orElse(0);
    double maxX = all.stream().mapToDouble(Point::x).max().orElse(1);
    double minY = all.stream().mapToDouble(Point::y).min().orElse(0);
    double maxY = all.stream().mapToDouble(Point::y).max().orElse(1);
    Axis x = Axis.exact(minX, maxX, Math.max(2, width / 90));
    Axis y =
        log && minY > 0
            ? Axis.logarithmic(minY, maxY)
            : Axis.linear(minY, maxY, Math.max(2, height / 50));

    Element svg =
        Element.of("svg", "chart")
            .attr("viewBox", "0 0 " + width + " " + height)
            .attr("role", "img")
            .attr("aria-label", label);
    svg.attr("data-left", LEFT)
        .attr("data-right", width - RIGHT)
        .attr("data-min", Double.toString(x.min()));
    svg.attr("data-max", Double.toString(x.max()));
    for (double tick : y.ticks()) {
      double at = top(y, tick);
      svg.add(line("grid", LEFT, at, width - RIGHT, at), label(LEFT - 8, at + 4, "end", tick));
    }
    for (double tick : x.ticks()) {
      double at = left(x, tick);
      svg.add(
          line("tick", at, height - BOTTOM, at, height - BOTTOM + 4),
          label(at, height - 8, "middle", tick));
    }
    svg.add(line("axis", LEFT, height - BOTTOM, width - RIGHT, height - BOTTOM));
    series.forEach(s -> svg.add(draw(s, x, y)));
    return svg.add(line("rule", 0, TOP, 0, height - BOTTOM));
  }

  /** Names and styles of the curves; nothing for a single one, which the title names. */
  Element legend() {
    Element legend = Element.of("div", "legend");
    if (series.size() > 1) {
      for (Series s : series) {
        legend.add(
            new Element("span").add(Element.of("i", "key " + css(s.style()))).text(s.name()));
      }
    }
    return legend;
  }

  private Element draw(Series s, Axis x, Axis y) {
    Element group = Element.of("g", css(s.style())).attr("data-name", s.name());
    group.attr(
        "data-x",
        s.points().stream().map(p -> Numbers.coordinate(p.x())).collect(Collectors.joining(" ")));
    group.attr(
        "data-y",
        s.points().stream().map(p -> Numbers.compact(p.y())).collect(Collectors.joining(" ")));
    group.add(new Element("path").attr("d", path(s, x, y)));
    if (s.style() == Style.MARKS || s.finite().size() == 1) {
      for (Point p : s.finite()) {
        Element mark =
            new Element("circle")
                .attr("cx", left(x, p.x()))
                .attr("cy", top(y, p.y()))
                .attr("r", MARK_RADIUS);
        group.add(
            mark.add(
                new Element("title")
                    .text(
                        s.name()
                            + " "
                            + Numbers.compact(p.y())
                            + " at step "
                            + Numbers.whole((long) p.x()))));
      }
    }
    return group;
  }

  /** A polyline that is interrupted where a value is not finite. */
  private String path(Series s, Axis x, Axis y) {
    List<String> parts = new ArrayList<>();
    boolean pen = false;
    for (Point p : s.points()) {
      boolean drawable = Double.isFinite(p.y());
      if (drawable) {
        parts.add(
            (pen ? "L" : "M")
                + Numbers.coordinate(left(x, p.x()))
                + " "
                + Numbers.coordinate(top(y, p.y())));
      }
      pen = drawable;
    }
    return String.join("", parts);
  }

  private double left(Axis x, double value) {
    return LEFT + x.position(value) * (width - LEFT - RIGHT);
  }

  private double top(Axis y, double value) {
    return height - BOTTOM - y.position(value) * (height - TOP - BOTTOM);
  }

  private static Element line(String css, double x1, double y1, double x2, double y2) {
    return Element.of("line", css).attr("x1", x1).attr("y1", y1).attr("x2", x2).attr("y2", y2);
  }

  private static Element label(double x, double y, String anchor, double value) {
    return new Element("text")
        .attr("x", x)
        .attr("y", y)
        .attr("text-anchor", anchor)
        .text(Numbers.compact(value));
  }

  private static String css(Style style) {
    return switch (style) {
      case FAINT -> "faint";
      case LINE -> "line";
      case MARKS -> "marks";
    };
  }
}
