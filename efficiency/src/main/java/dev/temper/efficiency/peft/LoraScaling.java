package dev.temper.efficiency.peft;

/** How LoRA scales its update with α and the rank r. */
public enum LoraScaling {
  /** s = α / r (Hu et al. 2021). */
  STANDARD {
    @Override
    double factor(double alpha, int rank) {
      return alpha / rank;
    }
  },
  /** s = α / √r: the update does not shrink as the rank grows (Kalajdzievski 2023). */
  RANK_STABILIZED {
    @Override
    double factor(double alpha, int rank) {
      return alpha / Math.sqrt(rank);
    }
  };

  abstract double factor(double alpha, int rank);
}
