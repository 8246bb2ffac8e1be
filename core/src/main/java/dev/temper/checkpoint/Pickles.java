package dev.temper.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Weights in Python's pickle format, which can run any code when it is read. They are recognised by
 * name and never opened; the refusal says how to convert them.
 */
public final class Pickles {
  private Pickles() {}

  /** Whether a file name is that of a pickle. */
  public static boolean isPickle(Path file) {
    String name = AtomicFiles.name(file).toLowerCase(Locale.ROOT);
    return Stream.of(".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt").anyMatch(name::endsWith);
  }

  /** The pickled weights of a directory that has no others, if any: the first by name. */
  public static Optional<Path> weights(Path dir) {
    try (Stream<Path> files = Files.list(dir)) {
      return files.filter(Pickles::isPickle).filter(Pickles::mayHoldWeights).sorted().findFirst();
    } catch (IOException e) {
      throw new CheckpointException(dir + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** A trainer leaves these beside the weights. */
  private static boolean mayHoldWeights(Path file) {
    return !AtomicFiles.name(file)
        .matches("(training_args|optimizer|scheduler|scaler|rng_state.*)\\.[a-z]+");
  }

  /**
   * Why a pickle is not read and how to convert it, in one line.
   *
   * @param safetensors name of the file to make in its place
   */
  public static String refusal(Path pickle, String safetensors) {
    String name = AtomicFiles.name(pickle);
    Path parent = pickle.getParent();
    String dir = parent == null ? "." : parent.toString();
    return name
        + " is a pickle, which can run code and is never opened here. Where you trust it, convert it"
        + " (cd "
        + dir
        + " first): "
        + (name.matches("pytorch_model-\\d+-of-\\d+\\.bin")
            ? "python -c \"from transformers import AutoModelForCausalLM as M;"
                + " M.from_pretrained('.', dtype='auto').save_pretrained('.')\""
            : "python -c \"import torch; from safetensors.torch import save_file;"
                + " save_file({k: v.contiguous().clone() for k, v in torch.load('"
                + name
                + "', map_location='cpu', weights_only=True).items()}, '"
                + safetensors
                + "', {'format': 'pt'})\"")
        + "; or download the safetensors files, which most models have (sometimes as a pull request"
        + " of the model's page)";
  }
}
