package dev.temper.checkpoint;

import java.util.Optional;

/**
 * Element types a safetensors file can name, in the order of the reference implementation, which
 * decides how files are sorted.
 */
public enum StoredType {
  /** Boolean, one byte. */
  BOOL(8),
  /** 4-bit float. */
  F4(4),
  /** 6-bit float. */
  F6_E2M3(6),
  /** 6-bit float. */
  F6_E3M2(6),
  /** Unsigned byte. */
  U8(8),
  /** Signed byte. */
  I8(8),
  /** 8-bit float with 5 exponent bits. */
  F8_E5M2(8),
  /** 8-bit float with 4 exponent bits. */
  F8_E4M3(8),
  /** 8-bit exponent. */
  F8_E8M0(8),
  /** 8-bit float without negative zero. */
  F8_E4M3FNUZ(8),
  /** 8-bit float without negative zero. */
  F8_E5M2FNUZ(8),
  /** 16-bit integer. */
  I16(16),
  /** Unsigned 16-bit integer. */
  U16(16),
  /** IEEE half. */
  F16(16),
  /** bfloat16. */
  BF16(16),
  /** 32-bit integer. */
  I32(32),
  /** Unsigned 32-bit integer. */
  U32(32),
  /** 32-bit float. */
  F32(32),
  /** Complex of two 32-bit floats. */
  C64(64),
  /** 64-bit float. */
  F64(64),
  /** 64-bit integer. */
  I64(64),
  /** Unsigned 64-bit integer. */
  U64(64);

  private final int bits;

  StoredType(int bits) {
    this.bits = bits;
  }

  /** Bits of one element. */
  public int bits() {
    return bits;
  }

  static Optional<StoredType> named(String name) {
    for (StoredType t : values()) {
      if (t.name().equals(name)) {
        return Optional.of(t);
      }
    }
    return Optional.empty();
  }
}
