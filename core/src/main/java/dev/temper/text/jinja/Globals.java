package dev.temper.text.jinja;

import java.math.BigInteger;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions every template can call. */
final class Globals {
  static final Map<String, Object> ALL = create();

  private Globals() {}

  /** A class that can be called to make an object, and printed. */
  private record Type(String printed, Function.Body constructor) implements Callable {
    @Override
    public String typeName() {
      return "type";
    }

    @Override
    public String repr() {
      return "<class '" + printed + "'>";
    }

    @Override
    public Object call(Interpreter interpreter, CallArguments arguments) {
      return constructor.call(interpreter, arguments);
    }
  }

  /**
   * The variable {@code self}, which holds the blocks of a template; there is never one to be
   * called here.
   */
  private record TemplateReference() implements HostObject {
    @Override
    public String typeName() {
      return "TemplateReference";
    }

    @Override
    public String repr() {
      return "<TemplateReference None>";
    }
  }

  private static final class Cycler implements HostObject {
    private final List<Object> items;
    private int position;

    Cycler(List<Object> items) {
      if (items.isEmpty()) {
        throw JinjaException.type("at least one item has to be provided");
      }
      this.items = items;
    }

    @Override
    public String typeName() {
      return "Cycler";
    }

    @Override
    public @Nullable Object attribute(String name) {
      return switch (name) {
        case "current" -> items.get(position);
        case "next" ->
            Function.method(
                Signature.of(name),
                (interpreter, a) -> {
                  Object item = items.get(position);
                  position = (position + 1) % items.size();
                  return item;
                });
        case "reset" ->
            Function.method(
                Signature.of(name),
                (interpreter, a) -> {
                  position = 0;
                  return None.NONE;
                });
        default -> null;
      };
    }
  }

  private static final class Joiner implements Callable {
    private final String separator;
    private boolean used;

    Joiner(String separator) {
      this.separator = separator;
    }

    @Override
    public String typeName() {
      return "Joiner";
    }

    @Override
    public Object call(Interpreter interpreter, CallArguments arguments) {
      String result = used ? separator : "";
      used = true;
      return result;
    }
  }

  private static Map<String, Object> create() {
    Map<String, Object> all = new HashMap<>();
    all.put("range", new Type("range", Globals::range));
    all.put("dict", new Function("TemplateDict", Globals::dict));
    all.put("namespace", new Type("TemplateNamespace", Globals::namespace));
    all.put(
        "cycler", new Type("jinja2.utils.Cycler", (interpreter, a) -> new Cycler(a.positional())));
    Signature joiner = Signature.of("joiner", "sep?");
    all.put(
        "joiner",
        new Type(
            "jinja2.utils.Joiner", (interpreter, a) -> new Joiner(joiner.bind(a).string(0, ", "))));
    all.put("self", new TemplateReference());
    all.put(
        "raise_exception",
        Function.function(
            Signature.of("raise_exception", "message"),
            (interpreter, a) -> {
              throw new JinjaException(
                  JinjaException.Kind.RAISE_EXCEPTION,
                  interpreter.line(),
                  Repr.str(a.get(0), interpreter.budget()));
            }));
    all.put(
        "strftime_now",
        Function.function(
            Signature.of("strftime_now", "format"),
            (interpreter, a) -> {
              String format = a.string(0);
              interpreter.budget().chars(32L * format.length());
              return Strftime.format(LocalDateTime.now(interpreter.clock()), format);
            }));
    return Map.copyOf(all);
  }

  private static Object range(Interpreter interpreter, CallArguments arguments) {
    Signature.Bound a = Signature.of("range", "start", "stop?", "step?").bind(arguments);
    BigInteger first = Numbers.index(a.get(0));
    return a.has(1)
        ? PyRange.of(first, Numbers.index(a.get(1)), Numbers.index(a.or(2, BigInteger.ONE)))
        : PyRange.of(BigInteger.ZERO, first, BigInteger.ONE);
  }

  private static PyDict dict(Interpreter interpreter, CallArguments arguments) {
    PyDict result = new PyDict();
    if (arguments.positional().size() > 1) {
      throw JinjaException.type(
          "dict expected at most 1 argument, got " + arguments.positional().size());
    }
    for (Object source : arguments.positional()) {
      if (source instanceof PyDict other) {
        interpreter.budget().items(other.size());
        result.putAll(other);
        continue;
      }
      int index = 0;
      for (Object pair : Values.list(source, interpreter.budget())) {
        List<Object> items =
            Values.isIterable(pair) ? Values.list(pair, interpreter.budget()) : null;
        if (items == null) {
          throw JinjaException.type(
              "cannot convert dictionary update sequence element #" + index + " to a sequence");
        }
        if (items.size() != 2) {
          throw JinjaException.value(
              "dictionary update sequence element #"
                  + index
                  + " has length "
                  + items.size()
                  + "; 2 is required");
        }
        result.put(items.get(0), items.get(1));
        index++;
      }
    }
    arguments.named().forEach(result::put);
    return result;
  }

  private static Object namespace(Interpreter interpreter, CallArguments arguments) {
    Namespace namespace = new Namespace();
    for (PyDict.Entry entry : dict(interpreter, arguments).entries()) {
      if (Values.isString(entry.key())) {
        namespace.set(Values.text(entry.key()), entry.value());
      }
    }
    return namespace;
  }
}
