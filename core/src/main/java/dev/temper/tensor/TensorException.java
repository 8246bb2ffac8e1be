package dev.temper.tensor;

/**
 * An operation that cannot be done with these tensors; the message names the operation and the
 * shapes.
 */
public class TensorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TensorException(String message) {
    super(message);
  }

  TensorException(String message, Throwable cause) {
    super(message, cause);
  }
}
