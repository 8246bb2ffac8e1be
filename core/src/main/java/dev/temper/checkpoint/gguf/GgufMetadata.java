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
    return Optional.ofNullable(values.get(key))
        .map(v -> v instanceof GgufValue.Text t ? t.value() : this.<String>wrong(key, v, "text"));
  }

  /** An integer; an unsigned 64-bit one beyond a long is an error. */
  public OptionalLong whole(String key) {
    @Nullable GgufValue v = values.get(key);
    if (v == null) {
      return OptionalLong.empty();
    }
    if (!(v instanceof GgufValue.Whole w)) {
      return wrong(key, v, "an integer");
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
    return v instanceof GgufValue.Whole
        ? OptionalDouble.of(whole(key).orElseThrow())
        : wrong(key, v, "a number");
  }

  /** A boolean. */
  public Optional<Boolean> flag(String key) {
    return Optional.ofNullable(values.get(key))
        .map(
            v ->
                v instanceof GgufValue.Flag f
                    ? (Boolean) f.value()
                    : this.<Boolean>wrong(key, v, "a boolean"));
  }

  /** An array of texts. */
  public Optional<List<String>> texts(String key) {
    return Optional.ofNullable(values.get(key))
        .map(
            v ->
                v instanceof GgufValue.Texts t
                    ? t.values()
                    : this.<List<String>>wrong(key, v, "an array of texts"));
  }

  /** An array of integers. */
  public Optional<long[]> wholes(String key) {
    return Optional.ofNullable(values.get(key))
        .map(
            v ->
                v instanceof GgufValue.Wholes w
                    ? w.values()
                    : this.<long[]>wrong(key, v, "an array of integers"));
  }

  /** An array of floating-point numbers. */
  public Optional<double[]> reals(String key) {
    return Optional.ofNullable(values.get(key))
        .map(
            v ->
                v instanceof GgufValue.Reals r
                    ? r.values()
                    : this.<double[]>wrong(key, v, "an array of floating-point numbers"));
  }

  /** The error for a key that must be there. */
  CheckpointException missing(String key) {
    return new CheckpointException(source + ": needs the metadata '" + key + "', which is missing");
  }

  private <T> T wrong(String key, GgufValue value, String expected) {
    throw new CheckpointException(
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
