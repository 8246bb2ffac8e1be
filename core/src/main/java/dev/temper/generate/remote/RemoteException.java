package dev.temper.generate.remote;

import dev.temper.UserException;
import java.util.OptionalInt;

/** A server could not be reached, refused a request, or answered something unusable. */
public final class RemoteException extends UserException {
  private static final long serialVersionUID = 1L;

  private final int status;

  RemoteException(String message, int status) {
    super(message);
    this.status = status;
  }

  RemoteException(String message) {
    this(message, 0);
  }

  /** The HTTP status, if the server refused the request by one. */
  public OptionalInt status() {
    return status == 0 ? OptionalInt.empty() : OptionalInt.of(status);
  }
}
