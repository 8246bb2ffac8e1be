package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.model.SequenceClassifier;
import dev.temper.model.TokenBatch;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;

/**
 * A model that gives a prompt with its completion one number: a {@link SequenceClassifier} with one
 * label (Christiano et al. 2017, arXiv:1706.03741; Stiennon et al. 2020, arXiv:2009.01325).
 *
 * @param classifier closed with this
 */
public record RewardModel(SequenceClassifier classifier) implements AutoCloseable {
  /** Checks that there is one label. */
  public RewardModel {
    if (classifier.labels().size() != 1) {
      throw new UserException(
          classifier.source()
              + ": a reward model has one label, this classifier has "
              + classifier.labels().size()
              + ": "
              + classifier.labels());
    }
  }

  /**
   * Loads a directory of a {@code …ForSequenceClassification} with one label.
   *
   * @throws UserException if it cannot be read or has more labels
   */
  public static RewardModel load(Path dir) {
    SequenceClassifier classifier = SequenceClassifier.load(dir);
    try {
      return new RewardModel(classifier);
    } catch (UserException e) {
      classifier.close();
      throw e;
    }
  }

  /**
   * Puts a new head on a language model, which belongs to the reward model from then on.
   *
   * @param seed of the head's weights
   */
  public static RewardModel of(CausalLm model, long seed) {
    return new RewardModel(SequenceClassifier.of(model, 1, seed));
  }

  /** Rewards of a batch's segments [S]. */
  public Tensor rewards(TokenBatch batch) {
    return classifier.scores(batch).squeeze(1);
  }

  /** Rewards of whole sequences, without gradients. */
  public float[] rewards(List<int[]> sequences) {
    return Scope.run(
        "rewards", () -> Autograd.off(() -> rewards(TokenBatch.of(sequences)).toFloats()));
  }

  /** Saves the classifier as F32. */
  public void save(Path dir) {
    classifier.save(dir);
  }

  @Override
  public void close() {
    classifier.close();
  }
}
