package dev.temper.sft;

import dev.temper.UserException;
import dev.temper.data.TokenExample;
import dev.temper.model.BlockSpec;
import dev.temper.model.CausalLm;
import dev.temper.model.FeedForwardSpec;
import dev.temper.model.LogProbs;
import dev.temper.model.RouterLoss;
import dev.temper.model.TokenBatch;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.Counts;
import dev.temper.train.Loss;
import dev.temper.train.LossOutput;
import dev.temper.train.Objective;
import dev.temper.train.TokenScores;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Scores the trained tokens of examples with a model and hands them to a loss. Only rows that carry
 * loss go through the head.
 *
 * @param noise what happens to the embeddings in training, a function of the micro-batch's
 *     randomness
 * @param routerWeight weight of {@link RouterLoss}, which keeps the experts of a mixture busy; 0 is
 *     off
 */
public record SftObjective(CausalLm model, Loss<TokenScores> loss, Noise noise, double routerWeight)
    implements Objective<TokenExample> {
  /** Checks that the model has routers if they are to be balanced. */
  public SftObjective {
    if (!(routerWeight >= 0) || Double.isInfinite(routerWeight)) {
      throw new IllegalArgumentException(
          "routerWeight must be at least 0 and finite; got " + routerWeight);
    }
    if (routerWeight > 0 && chosenExperts(model) == 0) {
      throw new UserException(
          model.source() + ": has no routers to balance: it is no mixture of experts");
    }
  }

  /** Without balancing of experts. */
  public SftObjective(CausalLm model, Loss<TokenScores> loss, Noise noise) {
    this(model, loss, noise, 0);
  }

  private static int chosenExperts(CausalLm model) {
    return model.spec().blocks().stream()
        .map(BlockSpec::feedForward)
        .filter(FeedForwardSpec.Mixture.class::isInstance)
        .mapToInt(f -> ((FeedForwardSpec.Mixture) f).chosen())
        .findFirst()
        .orElse(0);
  }

  /** Changes embeddings [N, D] while training. */
  @FunctionalInterface
  public interface Noise {
    /** The change for one micro-batch. */
    UnaryOperator<Tensor> of(TokenBatch batch, Rng rng);

    /** No change. */
    static Noise none() {
      return (batch, rng) -> UnaryOperator.identity();
    }
  }

  /** The names of the metrics every evaluation adds to those of the loss. */
  private static final String ENTROPY = "entropy";

  private static final String ACCURACY = "mean_token_accuracy";
  private static final String AUXILIARY = "aux_loss";

  /** Without noise. */
  @Override
  public SftObjective forEvaluation() {
    return new SftObjective(model, loss, Noise.none(), routerWeight);
  }

  @Override
  public int tokens(TokenExample example) {
    return example.length();
  }

  @Override
  public String describe(TokenExample example) {
    return example.origin().toString();
  }

  @Override
  public Counts counts(List<TokenExample> step) {
    double tokens = 0;
    for (TokenExample e : step) {
      for (int t = 1; t < e.length(); t++) {
        tokens += e.weights()[t];
      }
    }
    return new Counts(tokens, step.size(), step.size(), step.size());
  }

  /**
   * {@inheritDoc}
   *
   * <p>Adds TRL's metrics to the loss's own: {@code entropy}, the mean entropy of the model's
   * distribution where a token is trained (nats), and {@code mean_token_accuracy}, how often that
   * token was the most probable one. Both are means over the trained tokens of the whole step; TRL
   * averages the means of its micro-batches. With a router weight, {@code aux_loss} is the mean of
   * the sequences' router losses, before weighting; transformers takes one over the rows of a whole
   * micro-batch.
   */
  @Override
  public LossOutput evaluate(List<TokenExample> microBatch, Rng rng) {
    TokenBatch batch = TokenBatch.of(microBatch.stream().map(TokenExample::ids).toList());
    Rows rows = Rows.of(microBatch);
    UnaryOperator<Tensor> onEmbeddings = noise.of(batch, rng);
    CausalLm.Routed out =
        routerWeight > 0
            ? model.routed(batch, onEmbeddings)
            : new CausalLm.Routed(model.hidden(batch, onEmbeddings), List.of());
    Tensor hidden = out.hidden().indexSelect(0, Tensors.of(rows.predictors()));
    LogProbs.Scored scored = LogProbs.scored(model.head(), hidden, rows.targets());
    int n = rows.targets().length;
    LossOutput output =
        loss.compute(
                new TokenScores(
                    scored.logProbs(),
                    Tensors.of(rows.weights()),
                    rows.targets(),
                    rows.sequences()))
            .metric(ENTROPY, scored.entropy().sum().item(), n)
            .metric(ACCURACY, scored.correct().sum().item(), n);
    return routerWeight > 0 ? balanced(output, out.routerLogits(), batch) : output;
  }

  private LossOutput balanced(LossOutput output, List<Tensor> routerLogits, TokenBatch batch) {
    Tensor values = RouterLoss.perSequence(routerLogits, batch.segments(), chosenExperts(model));
    return output
        .term(
            new LossOutput.Term(
                AUXILIARY,
                values,
                Tensors.onesLike(values).mul(routerWeight),
                LossOutput.Per.SEQUENCE))
        .metric(AUXILIARY, values.sum().item(), (double) values.dim(0));
  }

  /** The rows of a flat batch that predict a trained token. */
  private record Rows(long[] predictors, int[] targets, float[] weights, int[] sequences) {
    static Rows of(List<TokenExample> examples) {
      List<Long> predictors = new ArrayList<>();
      List<Integer> targets = new ArrayList<>();
      List<Float> weights = new ArrayList<>();
      List<Integer> sequences = new ArrayList<>();
      long at = 0;
      for (int i = 0; i < examples.size(); i++) {
        TokenExample e = examples.get(i);
        for (int t = 1; t < e.length(); t++) {
          if (e.weights()[t] > 0) {
            predictors.add(at + t - 1);
            targets.add(e.ids()[t]);
            weights.add(e.weights()[t]);
            sequences.add(i);
          }
        }
        at += e.length();
      }
      float[] w = new float[weights.size()];
      for (int i = 0; i < w.length; i++) {
        w[i] = weights.get(i);
      }
      return new Rows(
          predictors.stream().mapToLong(Long::longValue).toArray(),
          targets.stream().mapToInt(Integer::intValue).toArray(),
          w,
          sequences.stream().mapToInt(Integer::intValue).toArray());
    }
  }
}
