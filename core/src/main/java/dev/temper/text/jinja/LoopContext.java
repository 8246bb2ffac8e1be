package dev.temper.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * The variable {@code loop}. It looks one item ahead only when {@code last} or {@code nextitem} is
 * asked for.
 */
final class LoopContext implements Callable {
  /** Runs the body of a recursive loop over other items. */
  interface Recursion {
    Object run(Object iterable, int depth);
  }

  private final @Nullable Recursion recursion;
  private final int depth;
  private Iterator<Object> iterator;
  private int length;
  private int index = -1;
  private @Nullable Object before;
  private @Nullable Object current;
  private @Nullable Object after;
  private @Nullable Object changing;
  private final Budget budget;

  /**
   * Starts before the first item.
   *
   * @param length the number of items, -1 when unknown
   */
  LoopContext(
      Iterator<Object> iterator,
      int length,
      int depth,
      @Nullable Recursion recursion,
      Budget budget) {
    this.iterator = iterator;
    this.length = length;
    this.depth = depth;
    this.recursion = recursion;
    this.budget = budget;
  }

  boolean hasNext() {
    return after != null || iterator.hasNext();
  }

  Object next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Object item = after != null ? after : iterator.next();
    after = null;
    before = current;
    current = item;
    index++;
    return item;
  }

  private @Nullable Object peek() {
    if (after == null && iterator.hasNext()) {
      after = iterator.next();
    }
    return after;
  }

  int length() {
    if (length < 0) {
      List<Object> rest = new ArrayList<>();
      while (iterator.hasNext()) {
        budget.items(1);
        rest.add(iterator.next());
      }
      iterator = rest.iterator();
      length = rest.size() + index + 1 + (after == null ? 0 : 1);
    }
    return length;
  }

  @Override
  public String typeName() {
    return "LoopContext";
  }

  @Override
  public String repr() {
    return "<LoopContext " + (index + 1) + "/" + length() + ">";
  }

  @Override
  public @Nullable Object attribute(String name) {
    return switch (name) {
      case "index" -> Numbers.of(index + 1L);
      case "index0" -> Numbers.of(index);
      case "first" -> index == 0;
      case "last" -> peek() == null;
      case "length" -> Numbers.of(length());
      case "revindex" -> Numbers.of((long) length() - index);
      case "revindex0" -> Numbers.of(length() - 1L - index);
      case "depth" -> Numbers.of(depth + 1L);
      case "depth0" -> Numbers.of(depth);
      case "previtem" ->
          index == 0 || before == null ? Undefined.of("there is no previous item") : before;
      case "nextitem" -> {
        Object item = peek();
        yield item == null ? Undefined.of("there is no next item") : item;
      }
      case "cycle" -> new Function("method", (interpreter, arguments) -> cycle(arguments));
      case "changed" -> new Function("method", this::changed);
      default -> null;
    };
  }

  private Object cycle(CallArguments arguments) {
    List<Object> values = arguments.positional();
    if (values.isEmpty()) {
      throw JinjaException.type("no items for cycling given");
    }
    return values.get(index % values.size());
  }

  private Object changed(Interpreter interpreter, CallArguments arguments) {
    PyTuple values = new PyTuple(arguments.positional());
    boolean same = changing != null && interpreter.operators().equal(changing, values);
    changing = values;
    return !same;
  }

  @Override
  public Object call(Interpreter interpreter, CallArguments arguments) {
    if (recursion == null) {
      throw JinjaException.type("The loop must have the 'recursive' marker to be called.");
    }
    if (arguments.positional().size() != 1 || !arguments.named().isEmpty()) {
      throw JinjaException.type("loop() takes one argument, the items of the inner loop");
    }
    return recursion.run(arguments.positional().get(0), depth + 1);
  }
}
