package dev.temper.checkpoint.gguf;

import dev.temper.checkpoint.CheckpointException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The key-value pairs of a GGUF file, in file order. Getters check the type: a value of another
 * type is an error that names the file and the key.
 */
public final class GgufMetadata {
  private final String source;
  private final Map<String, GgufValue> values;

  /**
   * Key-value pairs.
   *
   * @param source where they are from, for messages
   */
  public GgufMetadata(String source, Map<String, GgufValue> values) {
    this.source = source;
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** All keys, in file order. */
  public Set<String> keys() {
    return values.keySet();
  }

  /** All pairs, in file order. */
  public Map<String, GgufValue> values() {
    return values;
  }

  /** Any value. */
  public Optional<GgufValue> get(String key) {
    return Optional.ofNullable(values.get(key));
  }

  /** A text. */
  public Optional<String> text(String key) {
    return typed(key, GgufValue.Text.class, "text").map(GgufValue.Text::value);
  }

  /** An integer; an unsigned 64-bit one beyond a long is an error. */
  public OptionalLong whole(String key) {
    @Nullable GgufValue v = values.get(key);
    if (v == null) {
      return OptionalLong.empty();
    }
    if (!(v instanceof GgufValue.Whole w)) {
      throw wrong(key, v, "an integer");
    }
    if (w.kind() == GgufValue.Kind.UINT64 && w.value() < 0) {
      throw new CheckpointException(
          source
              + ": metadata '"
              + key
              + "' is "
              + Long.toUnsignedString(w.value())
              + ", far too large");
    }
    return OptionalLong.of(w.value());
  }

  /** A number, integer or not. */
  public OptionalDouble real(String key) {
    @Nullable GgufValue v = values.get(key);
    if (v == null) {
      return OptionalDouble.empty();
    }
    if (v instanceof GgufValue.Real r) {
      return OptionalDouble.of(r.value());
    }
    if (v instanceof GgufValue.Whole) {
      return OptionalDouble.of((double) whole(key).orElseThrow());
    }
    throw wrong(key, v, "a number");
  }

  /** A boolean. */
  public Optional<Boolean> flag(String key) {
    return typed(key, GgufValue.Flag.class, "a boolean").map(GgufValue.Flag::value);
  }

  /** An array of texts. */
  public Optional<List<String>> texts(String key) {
    return typed(key, GgufValue.Texts.class, "an array of texts").map(GgufValue.Texts::values);
  }

  /** An array of integers. */
  public Optional<long[]> wholes(String key) {
    return typed(key, GgufValue.Wholes.class, "an array of integers").map(GgufValue.Wholes::values);
  }

  /** An array of floating-point numbers. */
  public Optional<double[]> reals(String key) {
    return typed(key, GgufValue.Reals.class, "an array of floating-point numbers")
        .map(GgufValue.Reals::values);
  }

  /** The error for a key that must be there. */
  CheckpointException missing(String key) {
    return new CheckpointException(source + ": needs the metadata '" + key + "', which is missing");
  }

  private <T extends GgufValue> Optional<T> typed(String key, Class<T> type, String expected) {
    GgufValue v = values.get(key);
    if (v != null && !type.isInstance(v)) {
      throw wrong(key, v, expected);
    }
    return Optional.ofNullable(v).map(type::cast);
  }

  private CheckpointException wrong(String key, GgufValue value, String expected) {
    return new CheckpointException(
        source
            + ": metadata '"
            + key
            + "' must be "
            + expected
            + ", not "
            + value.kind()
            + (value instanceof GgufValue.Texts ? " of STRING" : ""));
  }
}
