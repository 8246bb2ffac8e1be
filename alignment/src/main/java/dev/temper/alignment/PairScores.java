package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * What a preference loss looks at: P pairs of a chosen and a rejected completion of one prompt, as
 * the policy and the reference see them. Losses are pure functions of this.
 *
 * @param chosen the policy's view of the chosen completions
 * @param rejected the policy's view of the rejected completions
 * @param referenceChosen the reference's view of the chosen ones, a constant
 * @param referenceRejected the reference's view of the rejected ones, a constant
 * @param labels what else the data says
 */
public record PairScores(
    SequenceScores chosen,
    SequenceScores rejected,
    Optional<SequenceScores> referenceChosen,
    Optional<SequenceScores> referenceRejected,
    PairLabels labels) {
  /** Checks that there are as many chosen as rejected completions. */
  public PairScores {
    if (chosen.count() != rejected.count()
        || labels.margins().length != chosen.count()
        || referenceChosen.isPresent() != referenceRejected.isPresent()) {
      throw new IllegalArgumentException(
          "PairScores: "
              + chosen.count()
              + " chosen and "
              + rejected.count()
              + " rejected completions, "
              + labels.margins().length
              + " labels; both sides or none need a reference");
    }
  }

  /** These pairs as another policy sees them. */
  PairScores withPolicy(SequenceScores newChosen, SequenceScores newRejected) {
    return new PairScores(newChosen, newRejected, referenceChosen, referenceRejected, labels);
  }

  /** Several micro-batches as one. */
  static PairScores concat(List<PairScores> parts) {
    return new PairScores(
        SequenceScores.concat(parts.stream().map(PairScores::chosen).toList()),
        SequenceScores.concat(parts.stream().map(PairScores::rejected).toList()),
        concatPresent(parts.stream().map(PairScores::referenceChosen).toList()),
        concatPresent(parts.stream().map(PairScores::referenceRejected).toList()),
        PairLabels.concat(parts.stream().map(PairScores::labels).toList()));
  }

  private static Optional<SequenceScores> concatPresent(List<Optional<SequenceScores>> parts) {
    return parts.get(0).isEmpty()
        ? Optional.empty()
        : Optional.of(SequenceScores.concat(parts.stream().map(Optional::orElseThrow).toList()));
  }

  /** Pairs. */
  public int count() {
    return chosen.count();
  }

  /** h_c = ln π(y_c|x) − ln π_ref(y_c|x) [P]. */
  public Tensor chosenLogRatio() {
    return chosen.sums().sub(reference(referenceChosen).sums());
  }

  /** h_r = ln π(y_r|x) − ln π_ref(y_r|x) [P]. */
  public Tensor rejectedLogRatio() {
    return rejected.sums().sub(reference(referenceRejected).sums());
  }

  /** Δ = h_c − h_r [P]: how much more the policy prefers the chosen one than the reference does. */
  public Tensor margin() {
    return chosenLogRatio().sub(rejectedLogRatio());
  }

  private static SequenceScores reference(Optional<SequenceScores> scores) {
    return scores.orElseThrow(
        () ->
            new UserException(
                "this loss compares with a reference model and there is none: give the trainer a"
                    + " reference, or use a loss without one (SimPO, ORPO, CPO)"));
  }
}
