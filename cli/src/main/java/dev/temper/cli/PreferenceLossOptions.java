package dev.temper.cli;

import dev.temper.UserException;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.loss.AotLoss;
import dev.temper.alignment.loss.AotUnpairedLoss;
import dev.temper.alignment.loss.ApoDownLoss;
import dev.temper.alignment.loss.ApoZeroLoss;
import dev.temper.alignment.loss.BcoPairLoss;
import dev.temper.alignment.loss.CalDpoLoss;
import dev.temper.alignment.loss.ChosenNllLoss;
import dev.temper.alignment.loss.CpoLoss;
import dev.temper.alignment.loss.DiscoPopLoss;
import dev.temper.alignment.loss.Divergence;
import dev.temper.alignment.loss.DpoLoss;
import dev.temper.alignment.loss.ExoPairLoss;
import dev.temper.alignment.loss.HingeLoss;
import dev.temper.alignment.loss.IpoLoss;
import dev.temper.alignment.loss.LengthDesensitizedLoss;
import dev.temper.alignment.loss.NcaPairLoss;
import dev.temper.alignment.loss.NpoLoss;
import dev.temper.alignment.loss.OrpoLoss;
import dev.temper.alignment.loss.PairwiseCringeLoss;
import dev.temper.alignment.loss.PolicyWeightedLoss;
import dev.temper.alignment.loss.RDpoLoss;
import dev.temper.alignment.loss.RobustDpoLoss;
import dev.temper.alignment.loss.SigmoidNormLoss;
import dev.temper.alignment.loss.SimPoLoss;
import dev.temper.alignment.loss.SppoHardLoss;
import dev.temper.alignment.loss.TdpoLoss;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The loss over pairs, or a weighted sum of several, by TRL's names. */
final class PreferenceLossOptions {
  /** A loss over pairs. */
  enum LossName {
    SIGMOID,
    HINGE,
    IPO,
    EXO_PAIR,
    NCA_PAIR,
    ROBUST,
    BCO_PAIR,
    SPPO_HARD,
    AOT,
    AOT_UNPAIRED,
    APO_ZERO,
    APO_DOWN,
    DISCOPOP,
    SFT,
    SIGMOID_NORM,
    CPO,
    SIMPO,
    ORPO,
    NPO,
    R_DPO,
    CAL_DPO,
    TDPO1,
    TDPO2,
    PAIRWISE_CRINGE
  }

  /** A divergence of f-DPO. */
  enum DivergenceName {
    REVERSE_KL,
    FORWARD_KL,
    JS_DIVERGENCE,
    ALPHA_DIVERGENCE
  }

  @Option(
      names = "--loss",
      split = ",",
      defaultValue = "SIGMOID",
      description = "${COMPLETION-CANDIDATES}; several are added up (default: sigmoid, DPO)")
  List<LossName> losses = List.of(LossName.SIGMOID);

  @Option(
      names = "--loss-weights",
      split = ",",
      description = "A weight for each --loss (default: 1 each)")
  List<Double> weights = List.of();

  @Option(names = "--beta", defaultValue = "0.1", description = "β (default: ${DEFAULT-VALUE})")
  double beta = 0.1;

  @Option(
      names = "--label-smoothing",
      defaultValue = "0",
      description =
          "Share of wrong labels, for sigmoid (cDPO), robust, exo_pair, aot, aot_unpaired, cpo,"
              + " simpo")
  double labelSmoothing;

  @Option(
      names = "--f-divergence-type",
      defaultValue = "REVERSE_KL",
      description = "${COMPLETION-CANDIDATES}, for sigmoid, hinge, ipo, sigmoid_norm")
  DivergenceName divergence = DivergenceName.REVERSE_KL;

  @Option(
      names = "--f-alpha-divergence-coef",
      defaultValue = "0.5",
      description = "α of alpha_divergence (default: ${DEFAULT-VALUE})")
  double divergenceAlpha = 0.5;

  @Option(names = "--discopop-tau", defaultValue = "0.05", description = "τ of discopop")
  double discopopTau = 0.05;

  @Option(names = "--simpo-gamma", defaultValue = "0.5", description = "γ of simpo")
  double simpoGamma = 0.5;

  @Option(
      names = "--loss-alpha",
      description =
          "Length penalty of r_dpo (default: 0.01), weight of the divergences of tdpo2 (0.5) or of"
              + " the rejected side of pairwise_cringe (1)")
  @Nullable Double alpha;

  @Option(
      names = "--ld-alpha",
      description = "LD-DPO: how much the tail of the longer completion counts, 0 to 1")
  @Nullable Double lengthAlpha;

  @Option(
      names = "--use-weighting",
      fallbackValue = "true",
      description = "WPO: pairs count by how likely the policy finds them")
  boolean useWeighting;

  PreferenceLoss loss() {
    if (!weights.isEmpty() && weights.size() != losses.size()) {
      throw new UserException(
          "--loss-weights: " + weights.size() + " for " + losses.size() + " losses; give one each");
    }
    PreferenceLoss sum = null;
    for (int i = 0; i < losses.size(); i++) {
      double weight = weights.isEmpty() ? 1 : weights.get(i);
      PreferenceLoss one = dressed(losses.get(i));
      if (sum == null) {
        sum = weight == 1 ? one : one.times(weight);
      } else {
        sum = sum.plus(weight, one);
      }
    }
    if (sum == null) {
      throw new UserException("--loss: name at least one");
    }
    return sum;
  }

  private PreferenceLoss dressed(LossName name) {
    PreferenceLoss loss = single(name);
    if (name == LossName.SFT) {
      return loss;
    }
    if (lengthAlpha != null) {
      loss = new LengthDesensitizedLoss(loss, lengthAlpha);
    }
    return useWeighting ? new PolicyWeightedLoss(loss) : loss;
  }

  private PreferenceLoss single(LossName name) {
    return switch (name) {
      case SIGMOID -> new DpoLoss(beta, labelSmoothing, divergence());
      case HINGE -> new HingeLoss(beta, divergence());
      case IPO -> new IpoLoss(beta, IpoLoss.Normalization.TOKENS, divergence());
      case EXO_PAIR ->
          labelSmoothing == 0 ? new ExoPairLoss(beta) : new ExoPairLoss(beta, labelSmoothing);
      case NCA_PAIR -> new NcaPairLoss(beta);
      case ROBUST -> new RobustDpoLoss(beta, labelSmoothing);
      case BCO_PAIR -> new BcoPairLoss(beta);
      case SPPO_HARD -> new SppoHardLoss(beta);
      case AOT -> new AotLoss(beta, labelSmoothing);
      case AOT_UNPAIRED -> new AotUnpairedLoss(beta, labelSmoothing);
      case APO_ZERO -> new ApoZeroLoss(beta);
      case APO_DOWN -> new ApoDownLoss(beta);
      case DISCOPOP -> new DiscoPopLoss(beta, discopopTau);
      case SFT -> new ChosenNllLoss(ChosenNllLoss.Average.TOKEN);
      case SIGMOID_NORM -> new SigmoidNormLoss(beta, divergence());
      case CPO -> new CpoLoss(beta, labelSmoothing, 0);
      case SIMPO -> new SimPoLoss(beta, simpoGamma, labelSmoothing, 0);
      case ORPO -> new OrpoLoss(beta);
      case NPO -> new NpoLoss(beta);
      case R_DPO -> new RDpoLoss(beta, alpha == null ? 0.01 : alpha);
      case CAL_DPO -> new CalDpoLoss(beta);
      case TDPO1 -> TdpoLoss.tdpo1(beta);
      case TDPO2 -> TdpoLoss.tdpo2(beta, alpha == null ? 0.5 : alpha);
      case PAIRWISE_CRINGE ->
          new PairwiseCringeLoss(0, 5, alpha == null ? 1 : alpha, PairwiseCringeLoss.Gate.CONSTANT);
    };
  }

  private Divergence divergence() {
    return switch (divergence) {
      case REVERSE_KL -> Divergence.reverseKl();
      case FORWARD_KL -> new Divergence.ForwardKl();
      case JS_DIVERGENCE -> new Divergence.JensenShannon();
      case ALPHA_DIVERGENCE -> new Divergence.Alpha(divergenceAlpha);
    };
  }
}
