package dev.temper.text;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Tokens by id and ids by token: the model's vocabulary and the added tokens. */
final class Vocabulary {
  /** Larger ids are refused: the largest published vocabularies have 2<sup>18</sup> tokens. */
  static final int MAX_ID = (1 << 22) - 1;

  private final Map<String, Integer> ids = new HashMap<>();
  private @Nullable String[] tokens = new String[1024];
  private int size;

  void put(String token, int id) {
    ids.put(token, id);
    if (id >= tokens.length) {
      tokens =
          java.util.Arrays.copyOf(
              tokens, Math.max(id + 1, Math.min(MAX_ID + 1, tokens.length * 2)));
    }
    tokens[id] = token;
    size = Math.max(size, id + 1);
  }

  /** Largest id + 1. */
  int size() {
    return size;
  }

  /** The number of different tokens. */
  int count() {
    return ids.size();
  }

  OptionalInt id(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Nullable String token(int id) {
    return id >= 0 && id < size ? tokens[id] : null;
  }
}
