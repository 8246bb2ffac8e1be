package dev.temper.model;

import java.util.Optional;

/** The feed-forward part of one block as data. */
public sealed interface FeedForwardSpec {
  /**
   * down(act(gate x) · up x).
   *
   * @param inner width between
   * @param fused whether gate and up are one linear in the file, gate first (Phi-3)
   */
  record Gated(int inner, Activation activation, boolean bias, boolean fused)
      implements FeedForwardSpec {
    /** Checks the width. */
    public Gated {
      requireInner(inner);
    }

    /** Separate linears without biases. */
    public Gated(int inner, Activation activation) {
      this(inner, activation, false, false);
    }
  }

  /** down(act(up x)). */
  record Plain(int inner, Activation activation, boolean bias) implements FeedForwardSpec {
    /** Checks the width. */
    public Plain {
      requireInner(inner);
    }
  }

  /**
   * A mixture of experts: each token's {@code chosen} likeliest experts, weighted by their
   * probabilities under the router's softmax (Shazeer et al. 2017).
   *
   * @param experts number of experts
   * @param chosen experts a token goes to
   * @param weighting what the outputs of the chosen are multiplied by
   * @param expert each expert
   * @param shared an expert that sees every token
   */
  record Mixture(
      int experts, int chosen, Weighting weighting, Gated expert, Optional<Shared> shared)
      implements FeedForwardSpec {
    /** Checks the counts. */
    public Mixture {
      if (chosen < 1 || chosen > experts) {
        throw new IllegalArgumentException(
            "experts for each token: " + chosen + " must be from 1 to " + experts);
      }
    }
  }

  /** Weights of the chosen experts' outputs. */
  enum Weighting {
    /** Their probabilities among all experts. */
    PROBABILITY,
    /** Their probabilities, divided by the sum over the chosen. */
    RENORMALIZED
  }

  /** An expert that sees every token, its output multiplied by sigmoid(g · x) (Qwen2-MoE). */
  record Shared(Gated expert) {}

  private static void requireInner(int inner) {
    if (inner < 1) {
      throw new IllegalArgumentException(
          "width of the feed-forward network: " + inner + " must be positive");
    }
  }
}
