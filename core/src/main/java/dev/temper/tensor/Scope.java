package dev.temper.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Owns every tensor born inside it and frees them when it ends.
 *
 * <p>Scopes are lexical and confined to a thread. A tensor that the body returns (alone, in a
 * record, a collection, a map, an array or an {@link Optional}) is handed to the enclosing scope;
 * everything else is freed, except what an automatic-differentiation graph still needs, which the
 * graph keeps alive by itself. The outermost scope cannot hand anything over: it returns host data.
 *
 * <pre>{@code
 * float loss = Scope.run("evaluate", () -> model.loss(batch).item());
 * }</pre>
 */
public final class Scope {
  private static final ThreadLocal<Deque<Scope>> STACK = ThreadLocal.withInitial(ArrayDeque::new);

  private final String name;
  private final NDScope arrays = new NDScope();

  private Scope(String name) {
    this.name = name;
  }

  /**
   * Runs {@code body} in a new scope.
   *
   * @param name what the scope does; shown in error messages
   * @return what the body returned; tensors in it now belong to the enclosing scope
   * @throws IllegalStateException if this is the outermost scope and the body returned a tensor
   */
  @SuppressWarnings("TypeParameterUnusedInFormals")
  public static <T extends @Nullable Object> T run(String name, Supplier<T> body) {
    Deque<Scope> stack = STACK.get();
    boolean outermost = stack.isEmpty();
    if (outermost) {
      Engine.get();
      Shutdown.enter();
    }
    Scope scope = new Scope(name);
    stack.push(scope);
    List<NDArray> kept = new ArrayList<>();
    try {
      Autograd.applyMode();
      T result = body.get();
      collect(result, kept);
      kept.forEach(NDScope::unregister);
      if (outermost && !kept.isEmpty()) {
        kept.forEach(NDArray::close);
        throw new IllegalStateException(
            "scope '"
                + name
                + "' is the outermost one and returned a tensor that nobody would own; return host data (item(), toFloats()) or a"
                + " Parameter");
      }
      return result;
    } finally {
      stack.pop();
      scope.arrays.close();
      if (outermost) {
        Autograd.discardTape();
        Shutdown.exit();
      } else {
        kept.forEach(NDScope::register);
      }
    }
  }

  /** Runs {@code body} in a new scope. */
  public static void run(String name, Runnable body) {
    Scope.<@Nullable Object>run(
        name,
        () -> {
          body.run();
          return null;
        });
  }

  /** Whether a scope is open on this thread. */
  public static boolean isOpen() {
    return !STACK.get().isEmpty();
  }

  /** Called before an array is made. */
  static void require(String operation) {
    if (STACK.get().isEmpty()) {
      throw new IllegalStateException(
          operation
              + ": no scope is open on thread '"
              + Thread.currentThread().getName()
              + "'; wrap the work in Scope.run(\"name\", () -> …) so that its tensors are freed");
    }
  }

  /** Names of the open scopes, outermost first, for error messages. */
  static String path() {
    List<String> names = new ArrayList<>();
    STACK.get().descendingIterator().forEachRemaining(s -> names.add(s.name));
    return String.join(" > ", names);
  }

  private static void collect(@Nullable Object value, List<NDArray> into) {
    if (value instanceof Tensor t) {
      if (!t.isPersistent()) {
        into.add(t.array());
      }
    } else if (value instanceof Iterable<?> many) {
      many.forEach(v -> collect(v, into));
    } else if (value instanceof Map<?, ?> map) {
      map.values().forEach(v -> collect(v, into));
    } else if (value instanceof Object[] many) {
      for (Object v : many) {
        collect(v, into);
      }
    } else if (value instanceof Optional<?> maybe) {
      maybe.ifPresent(v -> collect(v, into));
    } else if (value instanceof Record r) {
      for (RecordComponent c : r.getClass().getRecordComponents()) {
        if (!c.getType().isPrimitive()) {
          collect(component(r, c), into);
        }
      }
    }
  }

  private static @Nullable Object component(Record owner, RecordComponent component) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(owner);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(
          "cannot read " + component.getName() + " of record " + owner.getClass().getName(), e);
    }
  }
}
