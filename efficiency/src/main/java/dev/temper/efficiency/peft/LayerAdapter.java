package dev.temper.efficiency.peft;

import dev.temper.model.Linear;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A PEFT method at one linear layer: what it does to the layer's output, and how it folds into the
 * layer's weight. This is all a new method has to say.
 */
public interface LayerAdapter {
  /** The layer adapted. */
  Linear linear();

  /** The trained parameters, under their names in a PEFT file. */
  List<Parameter> parameters();

  /**
   * The adapted output.
   *
   * @param base the layer without this adapter
   * @param x [..., in]
   * @param dropout source of this layer's dropout, a function of seed, step, micro-batch and layer;
   *     null outside training
   * @return [..., out]
   */
  Tensor forward(Linear.Op base, Tensor x, @Nullable Rng dropout);

  /**
   * W [out, in] with the adapter folded in: the layer with this weight equals {@link #forward}
   * without dropout.
   */
  Tensor merged(Tensor weight);

  /** Undoes {@link #merged}, up to rounding. */
  Tensor unmerged(Tensor weight);
}
