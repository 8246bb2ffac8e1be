package dev.temper.checkpoint.gguf;

import java.util.List;

/**
 * A value of a GGUF file's metadata.
 *
 * <p>Arrays of a scalar type hold their elements unboxed: vocabularies have hundreds of thousands.
 * Arrays inside records are not copied; do not change them.
 */
public sealed interface GgufValue {
  /** The type as the file stores it. */
  Kind kind();

  /** Types of the metadata's values, in the order of their numbers in the file. */
  enum Kind {
    /** Unsigned byte. */
    UINT8(0, 1),
    /** Signed byte. */
    INT8(1, 1),
    /** Unsigned 16-bit integer. */
    UINT16(2, 2),
    /** Signed 16-bit integer. */
    INT16(3, 2),
    /** Unsigned 32-bit integer. */
    UINT32(4, 4),
    /** Signed 32-bit integer. */
    INT32(5, 4),
    /** 32-bit float. */
    FLOAT32(6, 4),
    /** Boolean, one byte, 0 or 1. */
    BOOL(7, 1),
    /** UTF-8 text with its length before it. */
    STRING(8, 8),
    /** Element type, length, elements. */
    ARRAY(9, 12),
    /** Unsigned 64-bit integer. */
    UINT64(10, 8),
    /** Signed 64-bit integer. */
    INT64(11, 8),
    /** 64-bit float. */
    FLOAT64(12, 8);

    private final int number;
    private final int leastBytes;

    Kind(int number, int leastBytes) {
      this.number = number;
      this.leastBytes = leastBytes;
    }

    /** The number that stands for the type in a file. */
    int number() {
      return number;
    }

    /** Bytes a value takes at least. */
    int leastBytes() {
      return leastBytes;
    }

    boolean whole() {
      return switch (this) {
        case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
        default -> false;
      };
    }

    boolean real() {
      return this == FLOAT32 || this == FLOAT64;
    }
  }

  /**
   * An integer.
   *
   * @param value the bits of an unsigned 64-bit integer, the value of any other
   */
  record Whole(Kind kind, long value) implements GgufValue {
    /** Checks that the kind is an integer's. */
    public Whole {
      requireWhole(kind);
    }
  }

  /** A floating-point number. */
  record Real(Kind kind, double value) implements GgufValue {
    /** Checks that the kind is a float's. */
    public Real {
      requireReal(kind);
    }
  }

  /** A boolean. */
  record Flag(boolean value) implements GgufValue {
    @Override
    public Kind kind() {
      return Kind.BOOL;
    }
  }

  /** A text. */
  record Text(String value) implements GgufValue {
    @Override
    public Kind kind() {
      return Kind.STRING;
    }
  }

  /** An array of integers. */
  record Wholes(Kind elements, long[] values) implements GgufValue {
    /** Checks that the kind is an integer's. */
    public Wholes {
      requireWhole(elements);
    }

    @Override
    public Kind kind() {
      return Kind.ARRAY;
    }
  }

  /** An array of floating-point numbers. */
  record Reals(Kind elements, double[] values) implements GgufValue {
    /** Checks that the kind is a float's. */
    public Reals {
      requireReal(elements);
    }

    @Override
    public Kind kind() {
      return Kind.ARRAY;
    }
  }

  /** An array of booleans. */
  record Flags(boolean[] values) implements GgufValue {
    @Override
    public Kind kind() {
      return Kind.ARRAY;
    }
  }

  /** An array of texts. */
  record Texts(List<String> values) implements GgufValue {
    /** Copies the list. */
    public Texts {
      values = List.copyOf(values);
    }

    @Override
    public Kind kind() {
      return Kind.ARRAY;
    }
  }

  /** An array of arrays. */
  record Nested(List<GgufValue> values) implements GgufValue {
    /** Copies the list and checks that it holds arrays. */
    public Nested {
      values = List.copyOf(values);
      for (GgufValue v : values) {
        if (v.kind() != Kind.ARRAY) {
          throw new IllegalArgumentException("an array of arrays cannot hold " + v.kind());
        }
      }
    }

    @Override
    public Kind kind() {
      return Kind.ARRAY;
    }
  }

  private static void requireWhole(Kind kind) {
    if (!kind.whole()) {
      throw new IllegalArgumentException(kind + " is no integer type");
    }
  }

  private static void requireReal(Kind kind) {
    if (!kind.real()) {
      throw new IllegalArgumentException(kind + " is no floating-point type");
    }
  }
}
