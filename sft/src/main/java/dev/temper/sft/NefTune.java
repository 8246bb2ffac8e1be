package dev.temper.sft;

import dev.temper.model.Segments;
import dev.temper.model.TokenBatch;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.function.UnaryOperator;

/**
 * Noisy embeddings (Jain et al. 2023): uniform noise in ±α/√(L·D) is added to the embeddings of a
 * sequence of L tokens while training.
 *
 * <p>Differences from the paper: none; transformers takes L from the padded batch, here it is the
 * sequence's own length.
 *
 * @param alpha strength; 5 is usual
 */
public record NefTune(double alpha) implements SftObjective.Noise {
  /** Checks the range. */
  public NefTune {
    if (!(alpha > 0)) {
      throw new IllegalArgumentException("NefTune alpha = " + alpha + ": must be positive");
    }
  }

  @Override
  public UnaryOperator<Tensor> of(TokenBatch batch, Rng rng) {
    return embeddings -> {
      int width = Math.toIntExact(embeddings.dim(1));
      float[] noise = new float[batch.size() * width];
      Segments s = batch.segments();
      for (int i = 0; i < s.count(); i++) {
        double bound = alpha / Math.sqrt((double) s.context(i) * width);
        for (int k = s.starts()[i] * width; k < s.ends()[i] * width; k++) {
          noise[k] = (float) (bound * (2 * rng.uniform(k) - 1));
        }
      }
      return embeddings.add(Tensors.of(noise, batch.size(), width));
    };
  }
}
