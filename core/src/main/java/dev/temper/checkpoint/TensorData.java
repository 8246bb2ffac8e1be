package dev.temper.checkpoint;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The bytes of a tensor, wherever they are: in a file, in native memory, or computed from other
 * tensors when asked for. Whoever reads brings the memory, so that no tensor need be in memory as a
 * whole.
 */
@FunctionalInterface
public interface TensorData {
  /**
   * Fills {@code into}, from its position to its limit, with the bytes from {@code offset} on:
   * little-endian elements, row-major. Reads go forward in whole elements; any range may be asked
   * for.
   */
  void read(long offset, ByteBuffer into);

  /**
   * The same bytes without a copy, if they lie in one piece of mapped memory: direct, read-only,
   * little-endian, and mapped for as long as the buffer is referenced.
   */
  default Optional<ByteBuffer> pages(long offset, long length) {
    return Optional.empty();
  }
}
