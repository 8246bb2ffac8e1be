package dev.temper.train;

import java.util.List;

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
}
