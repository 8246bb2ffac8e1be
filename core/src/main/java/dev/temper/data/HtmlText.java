package dev.temper.data;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The text of a small piece of HTML: tags go, blocks begin lines, entities become characters. */
final class HtmlText {
  private static final Set<String> BLOCKS =
      Set.of(
          "p",
          "br",
          "div",
          "li",
          "ul",
          "ol",
          "pre",
          "blockquote",
          "tr",
          "hr",
          "h1",
          "h2",
          "h3",
          "h4",
          "h5",
          "h6");
  private static final Map<String, String> ENTITIES =
      Map.of("lt", "<", "gt", ">", "amp", "&", "quot", "\"", "apos", "'", "nbsp", " ");

  /** Longest name of an entity that is looked for. */
  private static final int LONGEST = 10;

  private HtmlText() {}

  static String of(String html) {
    StringBuilder text = new StringBuilder();
    int i = 0;
    while (i < html.length()) {
      char c = html.charAt(i);
      if (c == '<' && i + 1 < html.length() && isTag(html.charAt(i + 1))) {
        int end = html.indexOf('>', i);
        if (end < 0) {
          return tidy(text.append(html, i, html.length()));
        }
        if (BLOCKS.contains(name(html, i + 1, end)) && text.length() > 0) {
          text.append('\n');
        }
        i = end + 1;
      } else if (c == '&') {
        i = entity(html, i, text);
      } else {
        text.append(c);
        i++;
      }
    }
    return tidy(text);
  }

  private static boolean isTag(char next) {
    return next == '/' || next == '!' || Character.isLetter(next);
  }

  private static String name(String html, int start, int end) {
    int from = html.charAt(start) == '/' ? start + 1 : start;
    int to = from;
    while (to < end && Character.isLetterOrDigit(html.charAt(to))) {
      to++;
    }
    return html.substring(from, to).toLowerCase(Locale.ROOT);
  }

  /**
   * Appends the character of the entity at {@code at}, or the ampersand; returns where to go on.
   */
  private static int entity(String html, int at, StringBuilder text) {
    int end = at + 1;
    while (end < html.length() && end - at <= LONGEST && html.charAt(end) != ';') {
      end++;
    }
    if (end < html.length() && html.charAt(end) == ';') {
      String name = html.substring(at + 1, end);
      String known = ENTITIES.get(name);
      if (known != null) {
        text.append(known);
        return end + 1;
      }
      if (name.matches("#([0-9]{1,7}|[xX][0-9a-fA-F]{1,6})")) {
        boolean hex = Character.toLowerCase(name.charAt(1)) == 'x';
        int code = Integer.parseInt(name.substring(hex ? 2 : 1), hex ? 16 : 10);
        if (Character.isValidCodePoint(code)) {
          text.appendCodePoint(code);
          return end + 1;
        }
      }
    }
    text.append('&');
    return at + 1;
  }

  private static String tidy(StringBuilder text) {
    return text.toString().replaceAll("\\n{3,}", "\n\n").strip();
  }
}
