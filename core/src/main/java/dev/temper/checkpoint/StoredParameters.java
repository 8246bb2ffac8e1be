package dev.temper.checkpoint;

import dev.temper.tensor.DType;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** Parameters from and to files, without their values ever being on the Java heap. */
public final class StoredParameters {
  private static final int CHUNK_BYTES = 8 << 20;

  private StoredParameters() {}

  /**
   * A frozen F32 parameter with the values of a stored tensor. F32 that lies in one piece in a file
   * is mapped: nothing is read, and the pages stay mapped until the parameter is closed or written
   * to. Anything else is converted some megabytes at a time.
   *
   * @throws CheckpointException if the element type cannot be widened to F32
   */
  public static Parameter load(TensorSource stored) {
    Shape shape = Shape.of(stored.dims());
    Optional<ByteBuffer> pages =
        stored.type() == StoredType.F32
            ? stored.data().pages(0, stored.byteSize()).filter(StoredParameters::isAligned)
            : Optional.empty();
    if (pages.isPresent()) {
      return Parameter.mapped(stored.name(), pages.get(), DType.F32, shape);
    }
    return Parameter.filled(stored.name(), shape, made -> copy(stored, made));
  }

  /**
   * Overwrites a parameter with the values of a stored tensor.
   *
   * @throws CheckpointException if it has another shape, or an element type the engine does not
   *     convert
   */
  public static void assign(Parameter parameter, TensorSource stored) {
    if (!Shape.of(stored.dims()).equals(parameter.shape())) {
      throw new CheckpointException(
          "tensor '"
              + stored.name()
              + "' has shape "
              + stored.shape()
              + ", the parameter "
              + parameter.name()
              + " "
              + parameter.shape());
    }
    copy(stored, parameter);
  }

  /** The values of an F32 parameter as they are when they are read. */
  public static TensorSource source(Parameter parameter) {
    return new TensorSource(
        parameter.name(),
        StoredType.F32,
        java.util.Arrays.stream(parameter.shape().dims()).boxed().toList(),
        (TensorData) parameter::read);
  }

  private static void copy(TensorSource given, Parameter into) {
    // The engine has no way to be handed bfloat16.
    TensorSource stored = given.type() == StoredType.BF16 ? given.as(StoredType.F32) : given;
    DType type = engineType(stored);
    long size = stored.byteSize();
    ByteBuffer scratch = null;
    int n;
    for (long at = 0; at < size; at += n) {
      n = (int) Math.min(CHUNK_BYTES, size - at);
      ByteBuffer chunk = stored.data().pages(at, n).orElse(null);
      if (chunk == null) {
        if (scratch == null) {
          scratch = ByteBuffer.allocateDirect(n).order(ByteOrder.LITTLE_ENDIAN);
        }
        stored.data().read(at, scratch.clear().limit(n));
        chunk = scratch.flip();
      }
      into.write(at / type.bytes(), chunk, type);
    }
  }

  /** Vector instructions, and the engine, want elements at multiples of their size. */
  private static boolean isAligned(ByteBuffer pages) {
    return pages.alignmentOffset(0, Float.BYTES) == 0;
  }

  private static DType engineType(TensorSource stored) {
    return switch (stored.type()) {
      case F32 -> DType.F32;
      case F16 -> DType.F16;
      case F64 -> DType.F64;
      case I64 -> DType.I64;
      case I32 -> DType.I32;
      case I8 -> DType.I8;
      case U8 -> DType.U8;
      case BOOL -> DType.BOOL;
      default ->
          throw new CheckpointException(
              "tensor '" + stored.name() + "': " + stored.type() + " cannot be read as floats");
    };
  }
}
