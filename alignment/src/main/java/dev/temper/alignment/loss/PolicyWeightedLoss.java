package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.alignment.TokenStatistic;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;
import java.util.ArrayList;
import java.util.List;

/**
 * WPO (Zhou et al. 2024, arXiv:2406.11827, eq. 3 with the aligned weights of section 3.2): each
 * pair's loss times w_c · w_r, w = exp(mean over tokens of ln π(y_t) − ln Σ_v π(v)²), constants:
 * pairs that the policy could have written itself count more.
 *
 * <p>Differences from the paper: none; the weights are TRL's {@code use_weighting}. The weighted
 * loss must have one value per pair.
 *
 * @param loss the loss that is weighted
 */
public record PolicyWeightedLoss(PreferenceLoss loss) implements PreferenceLoss {
  private static final TokenStatistic AGREEMENT = new LogSumSquares();

  @Override
  public LossOutput compute(PairScores in) {
    Tensor weights = weight(in.chosen()).mul(weight(in.rejected()));
    List<LossOutput.Term> terms = new ArrayList<>();
    LossOutput output = loss.compute(in);
    for (LossOutput.Term term : output.terms()) {
      if (term.per() != LossOutput.Per.EXAMPLE || term.values().dim(0) != in.count()) {
        throw new IllegalArgumentException(
            "PolicyWeightedLoss: "
                + loss
                + " has a term that is not one value per pair; add it to the weighted loss instead:"
                + " new PolicyWeightedLoss(a).plus(1, b)");
      }
      terms.add(
          new LossOutput.Term(term.name(), term.values(), term.weights().mul(weights), term.per()));
    }
    return new LossOutput(terms, output.metrics());
  }

  /** How likely the policy finds a completion, against one of its own [P]. */
  private static Tensor weight(SequenceScores scores) {
    Tensor surprise = scores.tokens().detach().sub(scores.statistic(AGREEMENT));
    return scores.sumByCompletion(surprise).div(scores.lengthTensor()).exp();
  }

  @Override
  public List<TokenStatistic> statistics() {
    List<TokenStatistic> all = new ArrayList<>(loss.statistics());
    all.add(AGREEMENT);
    return all;
  }

  @Override
  public boolean needsReference() {
    return loss.needsReference();
  }

  @Override
  public boolean couplesPairs() {
    return loss.couplesPairs();
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return loss.reward(policy, reference);
  }
}
