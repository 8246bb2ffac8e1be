package dev.temper.model;

import dev.temper.UserException;
import dev.temper.model.family.BuiltinFamilies;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The known {@linkplain Family families}, by {@code model_type}: the library's own, those of {@link
 * Family.Provider}s on the class path, and those registered by the program. Safe for use by several
 * threads.
 */
public final class Families {
  private static final ConcurrentMap<String, Family> BY_TYPE = new ConcurrentHashMap<>();

  static {
    BuiltinFamilies.all().forEach(Families::register);
    ServiceLoader.load(Family.Provider.class)
        .forEach(p -> p.families().forEach(Families::register));
  }

  private Families() {}

  /**
   * Makes a family known to every later {@link CausalLm#load}.
   *
   * @throws IllegalArgumentException if another family has its {@code model_type}
   */
  public static void register(Family family) {
    Family other = BY_TYPE.putIfAbsent(family.type(), family);
    if (other != null && !other.equals(family)) {
      throw new IllegalArgumentException(
          "a family with model_type '"
              + family.type()
              + "' is registered already; unregister it first or choose another name");
    }
  }

  /** Forgets a family; whether there was one. Models loaded before are not affected. */
  public static boolean unregister(String type) {
    return BY_TYPE.remove(type) != null;
  }

  /** Every {@code model_type} known, sorted. */
  public static Set<String> types() {
    return new TreeSet<>(BY_TYPE.keySet());
  }

  /**
   * The family of a config.
   *
   * @throws UserException if its {@code model_type} is not known
   */
  public static Family of(ModelConfig config) {
    String type = config.text("model_type", "");
    Family family = BY_TYPE.get(type);
    if (family == null) {
      throw config.error(
          "model_type '"
              + type
              + "' is not supported; supported are "
              + String.join(", ", types()));
    }
    return family;
  }

  /** The architecture a config describes. */
  static ModelSpec spec(Family family, ModelConfig config) {
    try {
      return family.spec().apply(config);
    } catch (IllegalArgumentException e) {
      throw new UserException(config.file() + ": " + e.getMessage(), e);
    }
  }
}
