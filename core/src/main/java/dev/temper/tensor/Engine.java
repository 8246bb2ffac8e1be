package dev.temper.tensor;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.temper.UserException;
import java.nio.Buffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The native engine: loaded once, offline, with one arena that every array belongs to.
 *
 * <p>Ownership is not decided by the arena (its arrays live until closed) but by {@link Scope} and
 * {@link Parameter}; the arena exists so that results of native operations attach to one place that
 * {@link Census} can count.
 */
final class Engine {
  private static final int MAX_CONSTANTS = 4096;

  private final PtNDManager arena;
  private final Device device;
  private final Map<ConstantKey, PtNDArray> constants = new ConcurrentHashMap<>();

  private record ConstantKey(double value, DataType type) {}

  private Engine() {
    // Natives come from the class path; a library must never download code behind its user's back.
    if (System.getProperty("ai.djl.offline") == null) {
      System.setProperty("ai.djl.offline", "true");
    }
    if (System.getProperty("OPT_OUT_TRACKING") == null) {
      System.setProperty("OPT_OUT_TRACKING", "true");
    }
    try {
      NDManager base = NDManager.newBaseManager(requestedDevice());
      arena = (PtNDManager) base;
      device = base.getDevice();
      JniUtils.setGraphExecutorOptimize(false);
      Integer threads = Integer.getInteger("temper.threads");
      if (threads != null) {
        JniUtils.setNumThreads(threads);
      }
    } catch (EngineException | IllegalStateException | UnsatisfiedLinkError e) {
      throw new UserException(
          "the PyTorch engine could not be loaded: "
              + e.getMessage()
              + ". Add ai.djl.pytorch:pytorch-native-cpu:2.7.1 with the classifier of this platform (linux-x86_64, linux-aarch64,"
              + " osx-aarch64 or win-x86_64) and ai.djl.pytorch:pytorch-jni:2.7.1-0.36.0 to the class path; `temper doctor` shows"
              + " what is missing",
          e);
    }
    Shutdown.install();
  }

  private static Device requestedDevice() {
    String name = System.getProperty("temper.device", "cpu");
    if (name.equals("cpu")) {
      return Device.cpu();
    }
    if (name.matches("cuda(:\\d{1,3})?")) {
      int colon = name.indexOf(':');
      return Device.gpu(colon < 0 ? 0 : Integer.parseInt(name.substring(colon + 1)));
    }
    throw new UserException("temper.device=" + name + ": use cpu, cuda or cuda:N");
  }

  private static final class Holder {
    static final Engine INSTANCE = new Engine();
  }

  static Engine get() {
    return Holder.INSTANCE;
  }

  PtNDManager arena() {
    return arena;
  }

  Device device() {
    return device;
  }

  /** Arrays alive, less the engine's own constants. */
  int liveArrays() {
    return arena.getManagedArrays().size() - constants.size() - Kernels.selectors();
  }

  /**
   * A 0-d array that lives as long as the engine. Scalars of this kind are native from the start,
   * so a graph that saved one stays valid whatever the garbage collector does.
   */
  PtNDArray constant(double value, DataType type) {
    ConstantKey key = new ConstantKey(value, type);
    PtNDArray known = constants.get(key);
    if (known != null) {
      return known;
    }
    if (constants.size() >= MAX_CONSTANTS) {
      return scalar(value, type);
    }
    return constants.computeIfAbsent(
        key,
        k -> {
          PtNDArray made = scalar(value, type);
          NDScope.unregister(made);
          return made;
        });
  }

  private PtNDArray scalar(double value, DataType type) {
    return JniUtils.full(
        arena,
        new ai.djl.ndarray.types.Shape(),
        value,
        type,
        device,
        ai.djl.ndarray.types.SparseFormat.DENSE);
  }

  /**
   * A native copy of host data, so that nothing the graph saves can be freed by the garbage
   * collector.
   */
  PtNDArray copyOf(Buffer data, Shape shape, DataType type) {
    try (NDArray view = arena.create(data, shape.engineShape(), type)) {
      return device.isGpu() ? pass((PtNDArray) view) : (PtNDArray) view.duplicate();
    }
  }

  private static PtNDArray pass(PtNDArray onDevice) {
    return (PtNDArray) onDevice.duplicate();
  }
}
