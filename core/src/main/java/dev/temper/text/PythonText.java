package dev.temper.text;

/**
 * Stripping as Python's {@code str.strip} does it: Unicode white space and the separators U+001C to
 * U+001F.
 */
final class PythonText {
  private PythonText() {}

  static String strip(String text) {
    int start = 0;
    while (start < text.length() && isSpace(text.charAt(start))) {
      start++;
    }
    return rstrip(text.substring(start));
  }

  static String rstrip(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }
}
