package dev.temper.model;

import dev.temper.UserException;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.StoredParameters;
import dev.temper.checkpoint.TensorInfo;
import dev.temper.tensor.Parameter;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a model, loaded as they are asked for. Modules are asked for by their path in
 * the whole model; a file of the bare body, whose names lack its prefix, is read as well, and every
 * parameter keeps the name it has in the file.
 */
final class Weights implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final Names names;

  /** What the file's names lack at the start of a path. */
  private final String lacking;

  /** What the file's names have before a path. */
  private final String before;

  private final Map<String, Parameter> loaded = new LinkedHashMap<>();

  Weights(Checkpoint checkpoint, Names names) {
    this(checkpoint, names, isBare(checkpoint, names) ? names.body() : "", "");
  }

  private Weights(Checkpoint checkpoint, Names names, String lacking, String before) {
    this.checkpoint = checkpoint;
    this.names = names;
    this.lacking = lacking;
    this.before = before;
  }

  /**
   * The weights of a body alone: its paths lack the body's prefix, whether the file has it or not.
   */
  static Weights ofBody(Checkpoint checkpoint, Names names) {
    return new Weights(
        checkpoint,
        new Names("", names.block(), names.modules()),
        "",
        isBare(checkpoint, names) ? "" : names.body());
  }

  private static boolean isBare(Checkpoint checkpoint, Names names) {
    String tokens = names.path(Slot.TOKENS, 0, 0) + ".weight";
    return !checkpoint.contains(tokens)
        && checkpoint.contains(tokens.substring(names.body().length()));
  }

  /** Path of a module in the whole model. */
  String path(Slot slot, int layer, int expert) {
    return names.path(slot, layer, expert);
  }

  /**
   * The parameter of a module.
   *
   * @throws UserException if the file lacks it or it has another shape
   */
  Parameter tensor(String path, long... shape) {
    String name = nameInFile(path);
    Parameter known = loaded.get(name);
    if (known == null) {
      known = read(name, shape);
      loaded.put(name, known);
    }
    return known;
  }

  /** Whether the file has this tensor. */
  boolean contains(String path) {
    return checkpoint.contains(nameInFile(path));
  }

  private String nameInFile(String path) {
    return path.startsWith(lacking) ? before + path.substring(lacking.length()) : before + path;
  }

  private Parameter read(String name, long[] shape) {
    TensorInfo info = checkpoint.info(name);
    if (!Arrays.equals(info.dims(), shape)) {
      throw new UserException(
          checkpoint.source()
              + ": tensor '"
              + name
              + "' has shape "
              + info.shape()
              + ", config.json asks for "
              + Arrays.toString(shape));
    }
    return StoredParameters.load(checkpoint.source(name));
  }

  Linear linear(String path, LinearLayout layout, long inputs, long outputs, boolean bias) {
    Parameter weight =
        layout == LinearLayout.IN_OUT
            ? tensor(path + ".weight", inputs, outputs)
            : tensor(path + ".weight", outputs, inputs);
    return new Linear(path, weight, bias ? tensor(path + ".bias", outputs) : null, layout);
  }

  NormLayer norm(Norm norm, String path, long width) {
    // BERT files converted from TensorFlow keep its words.
    boolean old = !contains(path + ".weight") && contains(path + ".gamma");
    Parameter weight = tensor(path + (old ? ".gamma" : ".weight"), width);
    @Nullable Parameter bias = null;
    if (norm instanceof Norm.Layer) {
      bias = tensor(path + (old ? ".beta" : ".bias"), width);
    }
    return new NormLayer(norm, weight, bias);
  }

  /** Every parameter loaded so far, by its name in the file. */
  Map<String, Parameter> loaded() {
    return Collections.unmodifiableMap(loaded);
  }

  @Override
  public void close() {
    loaded.values().forEach(Parameter::close);
  }
}
