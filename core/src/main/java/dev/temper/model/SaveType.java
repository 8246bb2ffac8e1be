package dev.temper.model;

import dev.temper.checkpoint.StoredType;

/** Element type of a saved model. */
public enum SaveType {
  /** 32-bit float. */
  F32(StoredType.F32, "float32"),
  /** bfloat16, rounded to nearest even. */
  BF16(StoredType.BF16, "bfloat16"),
  /** IEEE half, rounded to nearest even. */
  F16(StoredType.F16, "float16");

  private final StoredType stored;
  private final String configName;

  SaveType(StoredType stored, String configName) {
    this.stored = stored;
    this.configName = configName;
  }

  StoredType stored() {
    return stored;
  }

  String configName() {
    return configName;
  }
}
