package dev.temper.train;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Where the examples of each step come from: a data set with a cursor, or a policy that generates.
 *
 * @param <E> an example
 */
public interface Source<E> {
  /** The examples of the next step. */
  List<E> next();

  /** Passes over the data so far, with the fraction of the current one. */
  double epoch();

  /** Everything needed to go on from here, as JSON text. */
  String state();

  /** Goes on from a state. */
  void resume(String state);

  /**
   * The same source with each example turned into several (or none): a packed row into the examples
   * in it. A step has as many rows as before.
   */
  default <R> Source<R> flatMap(Function<? super E, ? extends List<R>> expand) {
    Source<E> rows = this;
    return new Source<>() {
      @Override
      public List<R> next() {
        List<R> out = new ArrayList<>();
        rows.next().forEach(row -> out.addAll(expand.apply(row)));
        return out;
      }

      @Override
      public double epoch() {
        return rows.epoch();
      }

      @Override
      public String state() {
        return rows.state();
      }

      @Override
      public void resume(String state) {
        rows.resume(state);
      }
    };
  }
}
