package dev.temper.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.PrimitiveIterator;
import java.util.function.IntPredicate;

/** Python's strings: whitespace as Python sees it, positions counted in code points. */
final class Str {
  private static final int LONG_NEEDLE = 16;

  private Str() {}

  /** Whether Python's {@code str.isspace} holds. */
  static boolean isSpace(int c) {
    return (c >= 0x09 && c <= 0x0D)
        || (c >= 0x1C && c <= 0x20)
        || c == 0x85
        || c == 0xA0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }

  static boolean isLineBreak(char c) {
    return (c >= 0x0A && c <= 0x0D)
        || (c >= 0x1C && c <= 0x1E)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  static int skipSpace(String s, int from) {
    int i = from;
    while (i < s.length() && isSpace(s.charAt(i))) {
      i++;
    }
    return i;
  }

  static boolean isBlank(String s, int from) {
    return skipSpace(s, from) == s.length();
  }

  static String strip(String s) {
    return rstrip(lstrip(s));
  }

  static String lstrip(String s) {
    return s.substring(skipSpace(s, 0));
  }

  static String rstrip(String s) {
    return s.substring(0, endOfText(s, s.length()));
  }

  private static int endOfText(String s, int from) {
    int end = from;
    while (end > 0 && isSpace(s.charAt(end - 1))) {
      end--;
    }
    return end;
  }

  static String strip(String s, String chars, boolean left, boolean right) {
    IntPredicate in = c -> chars.indexOf(c) >= 0;
    int start = 0;
    int end = s.length();
    while (left && start < end && in.test(s.codePointAt(start))) {
      start += Character.charCount(s.codePointAt(start));
    }
    while (right && end > start && in.test(s.codePointBefore(end))) {
      end -= Character.charCount(s.codePointBefore(end));
    }
    return s.substring(start, end);
  }

  static int length(String s) {
    return s.codePointCount(0, s.length());
  }

  /** The UTF-16 position of a code point position, which may be the end. */
  static int offset(String s, int codePoints) {
    return s.offsetByCodePoints(0, codePoints);
  }

  /** The characters, each a string, made when asked for. */
  static Iterator<Object> characters(String s) {
    PrimitiveIterator.OfInt points = s.codePoints().iterator();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return points.hasNext();
      }

      @Override
      public Object next() {
        return Character.toString(points.nextInt());
      }
    };
  }

  /** {@code indexOf} in linear time whatever the two strings are. */
  static int find(String s, String needle, int from) {
    if (needle.length() < LONG_NEEDLE) {
      return s.indexOf(needle, from);
    }
    int[] failure = new int[needle.length()];
    for (int i = 1, k = 0; i < needle.length(); i++) {
      while (k > 0 && needle.charAt(i) != needle.charAt(k)) {
        k = failure[k - 1];
      }
      failure[i] = needle.charAt(i) == needle.charAt(k) ? ++k : k;
    }
    for (int i = from, k = 0; i < s.length(); i++) {
      while (k > 0 && s.charAt(i) != needle.charAt(k)) {
        k = failure[k - 1];
      }
      if (s.charAt(i) == needle.charAt(k)) {
        k++;
      }
      if (k == needle.length()) {
        return i - k + 1;
      }
    }
    return -1;
  }

  static int findLast(String s, String needle) {
    String reversed = new StringBuilder(s).reverse().toString();
    String reversedNeedle = new StringBuilder(needle).reverse().toString();
    if (reversed.length() != s.length() || needle.length() < LONG_NEEDLE) {
      return s.lastIndexOf(needle);
    }
    int found = find(reversed, reversedNeedle, 0);
    return found < 0 ? -1 : s.length() - found - needle.length();
  }

  static List<String> splitLines(String s, boolean keepEnds, Budget budget) {
    List<String> lines = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < s.length(); i++) {
      if (isLineBreak(s.charAt(i))) {
        int end = i;
        if (s.charAt(i) == '\r' && i + 1 < s.length() && s.charAt(i + 1) == '\n') {
          i++;
        }
        budget.items(1);
        lines.add(s.substring(start, keepEnds ? i + 1 : end));
        start = i + 1;
      }
    }
    if (start < s.length()) {
      lines.add(s.substring(start));
    }
    return lines;
  }

  /** Splits at runs of whitespace, at most {@code limit} times (negative: no limit). */
  static List<Object> split(String s, int limit, Budget budget) {
    List<Object> parts = new ArrayList<>();
    int i = skipSpace(s, 0);
    while (i < s.length()) {
      int end = i;
      if (limit >= 0 && parts.size() >= limit) {
        parts.add(rstrip(s.substring(i)));
        return parts;
      }
      while (end < s.length() && !isSpace(s.charAt(end))) {
        end++;
      }
      budget.items(1);
      parts.add(s.substring(i, end));
      i = skipSpace(s, end);
    }
    return parts;
  }

  static List<Object> split(String s, String separator, int limit, Budget budget) {
    List<Object> parts = new ArrayList<>();
    int start = 0;
    while (limit < 0 || parts.size() < limit) {
      int found = find(s, separator, start);
      if (found < 0) {
        break;
      }
      budget.items(1);
      parts.add(s.substring(start, found));
      start = found + separator.length();
    }
    parts.add(s.substring(start));
    return parts;
  }

  /**
   * Splits at runs of whitespace from the right, at most {@code limit} times (negative: no limit).
   */
  static List<Object> rsplit(String s, int limit, Budget budget) {
    List<Object> reversed = new ArrayList<>();
    int end = endOfText(s, s.length());
    while (end > 0) {
      if (limit >= 0 && reversed.size() >= limit) {
        String rest = lstrip(s.substring(0, end));
        if (!rest.isEmpty()) {
          reversed.add(rest);
        }
        break;
      }
      int start = end;
      while (start > 0 && !isSpace(s.charAt(start - 1))) {
        start--;
      }
      budget.items(1);
      reversed.add(s.substring(start, end));
      end = endOfText(s, start);
    }
    Collections.reverse(reversed);
    return reversed;
  }

  static List<Object> rsplit(String s, String separator, int limit, Budget budget) {
    List<Object> reversed = new ArrayList<>();
    int end = s.length();
    while (limit < 0 || reversed.size() < limit) {
      int found = s.lastIndexOf(separator, end - separator.length());
      if (found < 0) {
        break;
      }
      budget.items(1);
      reversed.add(s.substring(found + separator.length(), end));
      end = found;
    }
    reversed.add(s.substring(0, end));
    Collections.reverse(reversed);
    return reversed;
  }

  static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  static String title(String s) {
    StringBuilder out = new StringBuilder(s.length());
    boolean inWord = false;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      out.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = isCased(c);
    }
    return out.toString();
  }

  static String capitalize(String s) {
    if (s.isEmpty()) {
      return s;
    }
    int first = s.codePointAt(0);
    String head = first == 'ß' ? "Ss" : Character.toString(Character.toTitleCase(first));
    return head + s.substring(Character.charCount(first)).toLowerCase(java.util.Locale.ROOT);
  }

  static String swapCase(String s) {
    StringBuilder out = new StringBuilder(s.length());
    s.codePoints()
        .forEach(
            c -> {
              String one = Character.toString(c);
              out.append(
                  Character.isUpperCase(c)
                      ? one.toLowerCase(java.util.Locale.ROOT)
                      : Character.isLowerCase(c) ? one.toUpperCase(java.util.Locale.ROOT) : one);
            });
    return out.toString();
  }

  static boolean isLower(String s) {
    return s.codePoints().anyMatch(Character::isLowerCase)
        && s.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
  }

  static boolean isUpper(String s) {
    return s.codePoints().anyMatch(Character::isUpperCase)
        && s.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
  }

  static boolean isTitle(String s) {
    boolean inWord = false;
    boolean any = false;
    for (int c : s.codePoints().toArray()) {
      if (Character.isUpperCase(c) || Character.isTitleCase(c)) {
        if (inWord) {
          return false;
        }
        inWord = true;
        any = true;
      } else if (Character.isLowerCase(c)) {
        if (!inWord) {
          return false;
        }
        any = true;
      } else {
        inWord = false;
      }
    }
    return any;
  }

  static boolean isPrintable(int c) {
    if (c == ' ') {
      return true;
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SPACE_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
