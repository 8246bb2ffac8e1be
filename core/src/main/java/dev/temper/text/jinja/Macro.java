package dev.temper.text.jinja;

import dev.temper.text.jinja.Stmt.MacroBody;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A macro with the scope it was defined in, whose variables it sees as they are when it is called.
 */
final class Macro implements Callable {
  private final MacroBody body;
  private final Scope scope;

  Macro(MacroBody body, Scope scope) {
    this.body = body;
    this.scope = scope;
  }

  @Override
  public String typeName() {
    return "Macro";
  }

  @Override
  public @Nullable Object attribute(String name) {
    return switch (name) {
      case "name" -> body.name();
      case "arguments" -> new PyTuple(new ArrayList<>(body.parameters()));
      case "catch_varargs" -> body.usesVarargs();
      case "catch_kwargs" -> body.usesKwargs();
      case "caller" -> body.usesCaller();
      default -> null;
    };
  }

  @Override
  public Object call(Interpreter interpreter, CallArguments arguments) {
    List<String> parameters = body.parameters();
    List<Object> positional = arguments.positional();
    Map<String, Object> named = new LinkedHashMap<>(arguments.named());
    Scope local = scope.child();
    Object caller = body.usesCaller() ? named.remove("caller") : null;
    List<Integer> absent = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      Object value = i < positional.size() ? positional.get(i) : named.remove(parameters.get(i));
      if (value == null) {
        absent.add(i);
      } else {
        local.set(parameters.get(i), value);
      }
    }
    if (body.usesCaller()) {
      local.set(
          "caller",
          caller == null || caller == None.NONE ? Undefined.of("No caller defined") : caller);
    }
    if (body.usesKwargs()) {
      local.set("kwargs", PyDict.of(named));
    } else if (!named.isEmpty()) {
      String name = named.keySet().iterator().next();
      throw JinjaException.type(
          "macro " + Repr.quote(body.name()) + " takes no keyword argument " + Repr.quote(name));
    }
    List<Object> rest =
        positional.subList(Math.min(parameters.size(), positional.size()), positional.size());
    if (body.usesVarargs()) {
      local.set("varargs", new PyTuple(new ArrayList<>(rest)));
    } else if (!rest.isEmpty()) {
      throw JinjaException.type(
          "macro "
              + Repr.quote(body.name())
              + " takes not more than "
              + parameters.size()
              + " argument(s)");
    }
    int firstDefault = parameters.size() - body.defaults().size();
    for (int i : absent) {
      Object value =
          i >= firstDefault
              ? interpreter.evaluate(body.defaults().get(i - firstDefault), local)
              : Undefined.of("parameter " + Repr.quote(parameters.get(i)) + " was not provided");
      local.set(parameters.get(i), value);
    }
    return interpreter.render(body.body(), local);
  }
}
