package dev.temper.text.jinja;

import dev.temper.text.jinja.JinjaException.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Splits a template into tokens as Jinja2's lexer does with {@code trim_blocks} and {@code
 * lstrip_blocks}.
 *
 * <p>Whitespace is cut here: a {@code -} strips all whitespace on its side, a {@code +} keeps it;
 * without a sign the newline after a block or comment goes, and so does whitespace between the
 * start of a line and its first tag, unless that tag is {@code {{ }}}.
 */
final class Lexer {
  private static final List<String> OPERATORS =
      List.of(
          "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", ">", "<", "=", ".", ":", "|", ",", ";");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int pos;
  private int line = 1;
  private boolean lineStarting = true;

  private Lexer(String source) {
    this.source = source;
  }

  /** The tokens of a template; the last one is {@code EOF}. */
  static List<Token> tokenize(String template) {
    String text = template.replace("\r\n", "\n").replace('\r', '\n');
    if (text.endsWith("\n")) {
      text = text.substring(0, text.length() - 1);
    }
    Lexer lexer = new Lexer(text);
    lexer.root();
    lexer.add(Token.Kind.EOF, "");
    return List.copyOf(lexer.tokens);
  }

  private void root() {
    while (pos < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        data(source.substring(pos));
        advance(source.length());
        return;
      }
      char type = source.charAt(tag + 1);
      int afterSign = tag + 2;
      char sign = signAt(afterSign);
      if (sign != 0) {
        afterSign++;
      }
      data(strip(source.substring(pos, tag), sign, type != '{'));
      int raw = type == '%' ? afterRawTag(afterSign) : -1;
      if (raw >= 0) {
        advance(raw);
        raw();
      } else {
        advance(afterSign);
        switch (type) {
          case '#' -> comment();
          case '%' -> code(Token.Kind.BLOCK_BEGIN, Token.Kind.BLOCK_END, '%');
          default -> code(Token.Kind.VARIABLE_BEGIN, Token.Kind.VARIABLE_END, '}');
        }
      }
    }
  }

  private int nextTag() {
    for (int i = pos; i + 1 < source.length(); i++) {
      if (source.charAt(i) == '{') {
        char next = source.charAt(i + 1);
        if (next == '{' || next == '%' || next == '#') {
          return i;
        }
      }
    }
    return -1;
  }

  private char signAt(int at) {
    char c = at < source.length() ? source.charAt(at) : 0;
    return c == '-' || c == '+' ? c : 0;
  }

  private String strip(String text, char sign, boolean lstrip) {
    if (sign == '-') {
      return Str.rstrip(text);
    }
    if (sign == 0 && lstrip) {
      int lineStart = text.lastIndexOf('\n') + 1;
      if ((lineStart > 0 || lineStarting)
          && lineStart < text.length()
          && Str.isBlank(text, lineStart)) {
        return text.substring(0, lineStart);
      }
    }
    return text;
  }

  /**
   * The position after {@code raw %}} when the tag that starts before {@code at} is a raw tag, else
   * -1.
   */
  private int afterRawTag(int at) {
    int p = Str.skipSpace(source, at);
    if (!source.startsWith("raw", p)) {
      return -1;
    }
    p = Str.skipSpace(source, p + 3);
    if (source.startsWith("-%}", p)) {
      return Str.skipSpace(source, p + 3);
    }
    return source.startsWith("%}", p) ? p + 2 : -1;
  }

  private void raw() {
    for (int i = source.indexOf("{%", pos); i >= 0; i = source.indexOf("{%", i + 1)) {
      char sign = signAt(i + 2);
      int p = Str.skipSpace(source, i + (sign == 0 ? 2 : 3));
      if (source.startsWith("endraw", p)) {
        int end = tagEnd(Str.skipSpace(source, p + 6), "%}", true);
        if (end >= 0) {
          data(strip(source.substring(pos, i), sign, true));
          advance(end);
          return;
        }
      }
    }
    throw error("Missing end of raw directive");
  }

  private void comment() {
    for (int i = pos; i < source.length(); i++) {
      int end = tagEnd(i, "#}", true);
      if (end >= 0) {
        advance(end);
        return;
      }
    }
    throw error("Missing end of comment tag");
  }

  /**
   * The position after the end mark at {@code at} and the whitespace it swallows, or -1 when there
   * is none.
   */
  private int tagEnd(int at, String mark, boolean block) {
    if (source.startsWith(mark, at)) {
      int end = at + 2;
      return block && end < source.length() && source.charAt(end) == '\n' ? end + 1 : end;
    }
    if (source.startsWith(mark, at + 1)) {
      char sign = source.charAt(at);
      if (sign == '-') {
        return Str.skipSpace(source, at + 3);
      }
      if (sign == '+' && block) {
        return at + 3;
      }
    }
    return -1;
  }

  private void code(Token.Kind begin, Token.Kind end, char mark) {
    add(begin, "");
    Deque<Character> open = new ArrayDeque<>();
    String endMark = mark + "}";
    while (pos < source.length()) {
      int close = open.isEmpty() ? tagEnd(pos, endMark, mark == '%') : -1;
      if (close >= 0) {
        add(end, "");
        advance(close);
        return;
      }
      char c = source.charAt(pos);
      if (Str.isSpace(c)) {
        advance(Str.skipSpace(source, pos));
      } else if (c >= '0' && c <= '9') {
        number();
      } else if (isWord(source.codePointAt(pos))) {
        name();
      } else if (c == '"' || c == '\'') {
        string(c);
      } else {
        operator(open);
      }
    }
  }

  private void operator(Deque<Character> open) {
    String operator =
        OPERATORS.stream().filter(o -> source.startsWith(o, pos)).findFirst().orElse(null);
    if (operator == null) {
      throw error(
          "unexpected char "
              + Repr.quote(Character.toString(source.codePointAt(pos)))
              + " at "
              + pos);
    }
    switch (operator) {
      case "{" -> open.push('}');
      case "(" -> open.push(')');
      case "[" -> open.push(']');
      case "}", ")", "]" -> {
        if (open.isEmpty()) {
          throw error("unexpected '" + operator + "'");
        }
        char expected = open.pop();
        if (expected != operator.charAt(0)) {
          throw error("unexpected '" + operator + "', expected '" + expected + "'");
        }
      }
      default -> {}
    }
    add(Token.Kind.OPERATOR, operator);
    advance(pos + operator.length());
  }

  private static boolean isWord(int c) {
    return c == '_'
        || (Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c));
  }

  private void name() {
    int end = pos;
    while (end < source.length() && isWord(source.codePointAt(end))) {
      end += Character.charCount(source.codePointAt(end));
    }
    int first = source.codePointAt(pos);
    if (first != '_' && !Character.isUnicodeIdentifierStart(first)) {
      throw error("Invalid character in identifier");
    }
    add(Token.Kind.NAME, source.substring(pos, end));
    advance(end);
  }

  private void number() {
    int end = pos > 0 && source.charAt(pos - 1) == '.' ? -1 : floatEnd();
    Token.Kind kind = end >= 0 ? Token.Kind.FLOAT : Token.Kind.INTEGER;
    if (end < 0) {
      end = integerEnd();
    }
    String digits = source.substring(pos, end).replace("_", "");
    if (digits.length() > Numbers.MAX_DIGITS) {
      throw error(
          "a number of "
              + digits.length()
              + " digits; at most "
              + Numbers.MAX_DIGITS
              + " are allowed");
    }
    add(kind, digits);
    advance(end);
  }

  private int floatEnd() {
    int p = digits(pos, 10, false);
    int fraction = p < source.length() && source.charAt(p) == '.' ? digits(p + 1, 10, false) : -1;
    int mantissa = fraction >= 0 ? fraction : p;
    if (mantissa < source.length() && (source.charAt(mantissa) | 0x20) == 'e') {
      int e = mantissa + 1;
      if (signAt(e) != 0) {
        e++;
      }
      int exponent = digits(e, 10, false);
      if (exponent >= 0) {
        return exponent;
      }
    }
    return fraction;
  }

  private int integerEnd() {
    if (source.charAt(pos) != '0') {
      return digits(pos, 10, false);
    }
    char x = pos + 1 < source.length() ? (char) (source.charAt(pos + 1) | 0x20) : 0;
    int radix = x == 'x' ? 16 : x == 'o' ? 8 : x == 'b' ? 2 : 0;
    int end = radix == 0 ? -1 : digits(pos + 2, radix, true);
    return end >= 0 ? end : digits(pos, 1, false);
  }

  /**
   * The end of a run of digits with single underscores between them, or -1 when there is no digit.
   * Radix 1 means zeros only.
   */
  private int digits(int from, int radix, boolean leadingUnderscore) {
    int p = from;
    int end = -1;
    while (p < source.length()) {
      char c = source.charAt(p);
      boolean digit = radix == 1 ? c == '0' : c < 128 && Character.digit(c, radix) >= 0;
      if (digit) {
        end = ++p;
      } else if (c == '_' && (end == p || (leadingUnderscore && p == from))) {
        p++;
      } else {
        break;
      }
    }
    return end;
  }

  private void string(char quote) {
    int p = pos + 1;
    while (p < source.length() && source.charAt(p) != quote) {
      p += source.charAt(p) == '\\' ? 2 : 1;
    }
    if (p >= source.length()) {
      throw error("unexpected char " + Repr.quote(String.valueOf(quote)) + " at " + pos);
    }
    add(Token.Kind.STRING, unescape(source.substring(pos + 1, p)));
    advance(p + 1);
  }

  private String unescape(String body) {
    if (body.indexOf('\\') < 0) {
      return body;
    }
    StringBuilder out = new StringBuilder(body.length());
    int i = 0;
    while (i < body.length()) {
      char c = body.charAt(i++);
      if (c != '\\') {
        out.append(c);
        continue;
      }
      char e = body.charAt(i++);
      int simple = "\\'\"abfnrtv".indexOf(e);
      if (simple >= 0) {
        out.append("\\'\"\u0007\b\f\n\r\t\u000b".charAt(simple));
      } else if (e >= '0' && e <= '7') {
        int value = e - '0';
        for (int n = 0;
            n < 2 && i < body.length() && body.charAt(i) >= '0' && body.charAt(i) <= '7';
            n++) {
          value = value * 8 + body.charAt(i++) - '0';
        }
        out.append((char) value);
      } else if (e == 'x' || e == 'u' || e == 'U') {
        int length = e == 'x' ? 2 : e == 'u' ? 4 : 8;
        out.appendCodePoint(hex(body, i, length, e));
        i += length;
      } else if (e == 'N') {
        int close = body.indexOf('}', i);
        if (i >= body.length() || body.charAt(i) != '{' || close < 0) {
          throw error("malformed \\N character escape");
        }
        try {
          out.appendCodePoint(Character.codePointOf(body.substring(i + 1, close)));
        } catch (IllegalArgumentException x) {
          throw error("unknown Unicode character name");
        }
        i = close + 1;
      } else if (e != '\n') { // a backslash joins lines
        out.append('\\').append(e);
      }
    }
    return out.toString();
  }

  private int hex(String body, int at, int length, char escape) {
    int value = 0;
    for (int i = at; i < at + length; i++) {
      int digit =
          i < body.length() && body.charAt(i) < 128 ? Character.digit(body.charAt(i), 16) : -1;
      if (digit < 0 || value > 0x10FFFF) {
        throw error("truncated \\" + escape + " escape");
      }
      value = value * 16 + digit;
    }
    if (value > 0x10FFFF) {
      throw error("illegal Unicode character");
    }
    return value;
  }

  private void data(String text) {
    if (!text.isEmpty()) {
      add(Token.Kind.DATA, text);
    }
  }

  private void add(Token.Kind kind, String text) {
    tokens.add(new Token(kind, text, line));
  }

  /** Moves on to {@code end}, counting lines. */
  private void advance(int end) {
    for (int i = pos; i < end; i++) {
      if (source.charAt(i) == '\n') {
        line++;
      }
    }
    lineStarting = end > pos ? source.charAt(end - 1) == '\n' : lineStarting;
    pos = end;
  }

  private JinjaException error(String message) {
    return new JinjaException(Kind.SYNTAX, line, message);
  }
}
