package dev.temper.text;

import org.jspecify.annotations.Nullable;

/**
 * Positions of one text, from code points (what the Rust library counts) to UTF-16 units (what Java
 * counts).
 */
final class CodePoints {
  private final int length;

  /** UTF-16 position of every code point and of the end; null where the two agree. */
  private final int @Nullable [] positions;

  CodePoints(String text) {
    length = text.length();
    int count = text.codePointCount(0, length);
    if (count == length) {
      positions = null;
      return;
    }
    int[] map = new int[count + 1];
    int at = 0;
    for (int i = 0; i < count; i++) {
      map[i] = at;
      at += Character.charCount(text.codePointAt(at));
    }
    map[count] = at;
    positions = map;
  }

  int toUtf16(int codePoint) {
    return positions == null
        ? Math.min(codePoint, length)
        : positions[Math.min(codePoint, positions.length - 1)];
  }

  /**
   * The text with U+FFFD for every surrogate that has no partner; such text has no UTF-8 form.
   * Positions stay as they are.
   */
  static String replaceLoneSurrogates(String text) {
    int i = firstLoneSurrogate(text, 0);
    if (i < 0) {
      return text;
    }
    StringBuilder result = new StringBuilder(text);
    for (; i >= 0; i = firstLoneSurrogate(text, i + 1)) {
      result.setCharAt(i, '\uFFFD');
    }
    return result.toString();
  }

  static int firstLoneSurrogate(String text, int from) {
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else {
        return i;
      }
    }
    return -1;
  }
}
