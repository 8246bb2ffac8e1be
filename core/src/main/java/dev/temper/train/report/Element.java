package dev.temper.train.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An HTML or SVG element under construction.
 *
 * <p>Text and attribute values enter as text and are escaped when written, so nothing a model says
 * can become markup.
 */
final class Element {
  private sealed interface Node {}

  private record Text(String text) implements Node {}

  private record Child(Element element) implements Node {}

  private final String tag;
  private final Map<String, String> attributes = new LinkedHashMap<>();
  private final List<Node> children = new ArrayList<>();

  Element(String tag) {
    this.tag = tag;
  }

  /** An element with a class. */
  static Element of(String tag, String cssClass) {
    return new Element(tag).attr("class", cssClass);
  }

  Element attr(String name, String value) {
    attributes.put(name, value);
    return this;
  }

  /** A coordinate, in units of 0.01. */
  Element attr(String name, double value) {
    return attr(name, Numbers.coordinate(value));
  }

  Element text(String text) {
    children.add(new Text(text));
    return this;
  }

  Element add(Element... elements) {
    return add(List.of(elements));
  }

  Element add(List<Element> elements) {
    elements.forEach(element -> children.add(new Child(element)));
    return this;
  }

  void writeTo(StringBuilder out) {
    out.append('<').append(tag);
    attributes.forEach(
        (name, value) ->
            out.append(' ').append(name).append("=\"").append(escape(value)).append('"'));
    out.append('>');
    for (Node node : children) {
      if (node instanceof Text text) {
        out.append(escape(text.text()));
      } else if (node instanceof Child child) {
        child.element().writeTo(out);
      }
    }
    out.append("</").append(tag).append(">");
  }

  /**
   * Escapes markup, and makes visible what HTML forbids as text: control characters and halves of
   * surrogate pairs.
   */
  static String escape(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> {
                  boolean control =
                      Character.isISOControl(c) && c != '\n' && c != '\t' && c != '\r';
                  boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
                  out.appendCodePoint(control || surrogate ? 0xFFFD : c);
                }
              }
            });
    return out.toString();
  }
}
