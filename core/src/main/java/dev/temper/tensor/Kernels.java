package dev.temper.tensor;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A set of native kernels written in TorchScript's serialised dialect, loaded once and called by
 * name.
 *
 * <p>{@link #builtin()} holds the library's own; {@link #load} makes a pack from a user's source,
 * which is how somebody adds a fused loss or an operation the engine lacks. Kernels take and return
 * tensors; scalars travel as 0-d tensors ({@code float(torch.item(x))}). Gradients flow through a
 * kernel when {@link Autograd#record} is on.
 */
public final class Kernels {
  private static final List<String> TOPICS = List.of("basic", "nn", "attention", "optim");
  private static final AtomicInteger SELECTORS = new AtomicInteger();

  private final PtSymbolBlock module;
  private final Map<String, PtNDArray> selectors = new ConcurrentHashMap<>();

  private Kernels(String methods, List<KernelArchive.StateList> state) {
    try {
      module =
          JniUtils.loadModule(
              Engine.get().arena(),
              new ByteArrayInputStream(KernelArchive.of(methods, state)),
              false,
              false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (EngineException e) {
      throw new TensorException("kernels do not compile: " + e.getMessage(), e);
    }
  }

  private static final class Holder {
    static final Kernels BUILTIN = new Kernels(builtinSource(), List.of());
  }

  /** The library's own kernels. */
  static Kernels builtin() {
    return Holder.BUILTIN;
  }

  /**
   * Compiles a pack from source.
   *
   * @param methods methods of a module class, indented by two spaces: {@code " def twice(self:
   *     __torch__.Kernels, x: Tensor) -> Tensor:\n return torch.add(x, x)\n"}
   * @throws TensorException with the compiler's message if the source is wrong
   */
  public static Kernels load(String methods) {
    return new Kernels(methods, List.of());
  }

  /**
   * The kernels of the language-model head: {@code head_log_probs}, {@code head_scores}, {@code
   * head_scores_unit_gradient}, {@code head_backward}.
   */
  public static List<Tensor> head(String method, Tensor... inputs) {
    return builtin().callAll(method, inputs);
  }

  /** A pack of one topic whose module keeps lists between calls; its owner closes it. */
  static Kernels withState(String topic, KernelArchive.StateList... state) {
    return new Kernels(source(topic), List.of(state));
  }

  private static String builtinSource() {
    StringBuilder source = new StringBuilder();
    TOPICS.forEach(topic -> source.append(source(topic)).append('\n'));
    return source.toString();
  }

  private static String source(String topic) {
    String name = "kernels/" + topic + ".torchscript";
    try (InputStream in = Objects.requireNonNull(Kernels.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Frees the module and whatever its lists hold. */
  void close() {
    selectors.values().forEach(PtNDArray::close);
    SELECTORS.addAndGet(-selectors.size());
    selectors.clear();
    module.close();
  }

  /** Number of method selectors, which are arrays but not tensors of anyone. */
  static int selectors() {
    return SELECTORS.get();
  }

  /** Calls a kernel that returns one tensor. */
  public Tensor call(String method, Tensor... inputs) {
    return callAll(method, inputs).get(0);
  }

  /** Calls a kernel that returns a tuple of tensors. */
  public List<Tensor> callAll(String method, Tensor... inputs) {
    Scope.require(method);
    NDList list = new NDList(inputs.length + 1);
    list.add(selector(method));
    for (Tensor t : inputs) {
      list.add(t.array());
    }
    return run(method, list, inputs);
  }

  /**
   * Calls a kernel whose arguments are lists of tensors.
   *
   * @param lists the arguments in order
   */
  public List<Tensor> callLists(String method, List<List<Tensor>> lists, Tensor... scalars) {
    Scope.require(method);
    // The engine tells lists apart by the arrays' names: handles of our own carry them, so that a
    // parameter's handle never does.
    NDList list = new NDList();
    list.add(selector(method));
    for (int i = 0; i < lists.size(); i++) {
      for (Tensor t : lists.get(i)) {
        PtNDArray handle = alias(t.array());
        handle.setName("list" + i + "[]");
        list.add(handle);
      }
    }
    for (Tensor t : scalars) {
      list.add(t.array());
    }
    return run(method, list, scalars);
  }

  private List<Tensor> run(String method, NDList inputs, Tensor... described) {
    try {
      NDList outputs = IValueUtils.forward(module, inputs, true);
      return outputs.stream().map(a -> new Tensor((PtNDArray) a)).toList();
    } catch (EngineException e) {
      throw Tensor.failure(method, e, described);
    }
  }

  private NDArray selector(String method) {
    return selectors.computeIfAbsent(
        method,
        m -> {
          PtNDArray made =
              Engine.get().arena().create(new ai.djl.ndarray.types.Shape(), DataType.FLOAT32);
          NDScope.unregister(made);
          made.setName("module_method:" + m);
          SELECTORS.incrementAndGet();
          return made;
        });
  }

  /**
   * A second handle on the very same native tensor: a leaf stays a leaf, its gradient can be read
   * from either.
   */
  static PtNDArray handle(PtNDArray array) {
    // A kernel that returns its argument; the engine wraps results in new handles.
    return builtin().call("same", new Tensor(array)).array();
  }

  /** A view of the whole tensor, in the same graph; cheaper than {@link #handle}. */
  static PtNDArray alias(PtNDArray array) {
    // A reshape to its own shape is a view: same storage, same gradient.
    return JniUtils.reshape(array, array.getShape().getShape());
  }
}
