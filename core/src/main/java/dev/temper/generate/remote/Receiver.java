package dev.temper.generate.remote;

import org.jspecify.annotations.Nullable;

/** What is done with the body of a successful answer. */
interface Receiver {
  /** An answer begins; what an earlier attempt left is forgotten. */
  void begin(boolean eventStream);

  /**
   * Takes the next bytes.
   *
   * @throws RuntimeException to break the answer off; {@link #failure} then says why
   */
  void piece(byte[] bytes);

  /**
   * The answer is complete.
   *
   * @throws RemoteException if it is not usable
   */
  void end();

  /** Whether something has been handed on, so that the request must not be sent again. */
  boolean delivered();

  /** Why the answer was broken off; null if it was not. */
  @Nullable RuntimeException failure();

  /** Whether the answer was broken off because nobody wants the rest. */
  boolean enough();
}
