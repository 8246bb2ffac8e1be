package dev.temper.generate;

import java.util.Arrays;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * Keeps the state of a {@link TokenConstraint} for each sequence. The ids seen are compared again,
 * so a sequence that was cut and went on differently starts over.
 */
final class ConstraintProcessor<S> implements LogitsProcessor {
  private final TokenConstraint<S> constraint;

  /** Token buffers have identity, not equality; entries go with them. */
  private final Map<TokenContext, Progress<S>> progress = new WeakHashMap<>();

  ConstraintProcessor(TokenConstraint<S> constraint) {
    this.constraint = constraint;
  }

  private static final class Progress<S> {
    int[] seen = new int[16];
    int count;
    S state;

    Progress(S state) {
      this.state = state;
    }
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    constraint.apply(state(context), logits);
  }

  private synchronized S state(TokenContext context) {
    Progress<S> p = progress.get(context);
    if (p == null || !isPrefix(p, context)) {
      p = new Progress<>(constraint.start());
      progress.put(context, p);
    }
    while (p.count < context.newTokens()) {
      int token = context.get(context.promptLength() + p.count);
      p.state = constraint.next(p.state, token);
      if (p.count == p.seen.length) {
        p.seen = Arrays.copyOf(p.seen, 2 * p.count);
      }
      p.seen[p.count++] = token;
    }
    return p.state;
  }

  private static boolean isPrefix(Progress<?> p, TokenContext context) {
    if (p.count > context.newTokens()) {
      return false;
    }
    for (int i = 0; i < p.count; i++) {
      if (p.seen[i] != context.get(context.promptLength() + i)) {
        return false;
      }
    }
    return true;
  }
}
