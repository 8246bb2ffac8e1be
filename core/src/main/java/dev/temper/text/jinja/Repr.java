package dev.temper.text.jinja;

import java.math.BigInteger;
import java.util.Collection;

/** Python's {@code str()} and {@code repr()}. */
final class Repr {
  private final Budget budget;
  private final StringBuilder out = new StringBuilder();

  private Repr(Budget budget) {
    this.budget = budget;
  }

  /** What printing a value shows. */
  static String str(Object value, Budget budget) {
    if (value instanceof String s) {
      return s;
    }
    if (value instanceof Markup markup) {
      return markup.text();
    }
    if (value instanceof Undefined) {
      return "";
    }
    return repr(value, budget);
  }

  static String repr(Object value, Budget budget) {
    Repr repr = new Repr(budget);
    repr.append(value);
    return repr.out.toString();
  }

  private void append(Object value) {
    budget.enter();
    try {
      int before = out.length();
      if (value instanceof Boolean b) {
        out.append(b ? "True" : "False");
      } else if (value instanceof BigInteger i) {
        out.append(Numbers.repr(i));
      } else if (value instanceof Double d) {
        out.append(Numbers.repr(d));
      } else if (value instanceof String s) {
        budget.chars(s.length());
        out.append(quote(s));
      } else if (value instanceof Markup markup) {
        out.append("Markup(").append(quote(markup.text())).append(')');
      } else if (value instanceof None) {
        out.append("None");
      } else if (value instanceof Undefined) {
        out.append("Undefined");
      } else if (value instanceof PyList list) {
        items("[", list.items(), "]");
      } else if (value instanceof PyTuple tuple) {
        items("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")");
      } else if (value instanceof PyDict dict) {
        dict(dict);
      } else if (value instanceof DictView view) {
        items(view.typeName() + "([", view.items(), "])");
      } else if (value instanceof PyRange range) {
        out.append("range(").append(range.start()).append(", ").append(range.stop());
        out.append(range.step().equals(BigInteger.ONE) ? "" : ", " + range.step()).append(')');
      } else if (value instanceof Namespace namespace) {
        out.append("<Namespace ");
        dict(namespace.toDict());
        out.append('>');
      } else if (value instanceof HostObject host) {
        out.append(host.repr());
      } else {
        throw JinjaException.type(
            "a lazy value cannot be printed: turn it into a list first, with '| list'");
      }
      budget.chars(Math.max(0, out.length() - before));
    } finally {
      budget.leave();
    }
  }

  private void items(String open, Collection<Object> items, String close) {
    out.append(open);
    boolean first = true;
    for (Object item : items) {
      if (!first) {
        out.append(", ");
      }
      first = false;
      append(item);
    }
    out.append(close);
  }

  private void dict(PyDict dict) {
    out.append('{');
    boolean first = true;
    for (PyDict.Entry entry : dict.entries()) {
      if (!first) {
        out.append(", ");
      }
      first = false;
      append(entry.key());
      out.append(": ");
      append(entry.value());
    }
    out.append('}');
  }

  /** The {@code repr} of a string: single quotes, unless it holds single and no double quotes. */
  static String quote(String s) {
    char quote = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder(s.length() + 2).append(quote);
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      if (c == quote || c == '\\') {
        out.append('\\').append((char) c);
      } else if (c == '\n') {
        out.append("\\n");
      } else if (c == '\r') {
        out.append("\\r");
      } else if (c == '\t') {
        out.append("\\t");
      } else if (Str.isPrintable(c)) {
        out.appendCodePoint(c);
      } else if (c <= 0xFF) {
        out.append("\\x").append(hex(c, 2));
      } else if (c <= 0xFFFF) {
        out.append("\\u").append(hex(c, 4));
      } else {
        out.append("\\U").append(hex(c, 8));
      }
    }
    return out.append(quote).toString();
  }

  private static String hex(int value, int width) {
    String digits = Integer.toHexString(value);
    return "0".repeat(width - digits.length()) + digits;
  }
}
