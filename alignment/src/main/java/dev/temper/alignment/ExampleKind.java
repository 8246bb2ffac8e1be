package dev.temper.alignment;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a trainer knows of the examples it takes.
 *
 * @param <E> an example
 */
interface ExampleKind<E> {
  /** The examples of a file, uncut. */
  List<E> read(Path file);

  /** The example within a length; empty if no completion would be left, itself if it fits. */
  Optional<E> cut(E example, int maxLength);

  /** Its prompt and completions. */
  CompletionBatch.Branches branches(E example);

  /**
   * Looks at the examples of the training data as a whole: warns, or throws if nothing can be
   * learned from them.
   */
  void check(List<E> examples);
}
