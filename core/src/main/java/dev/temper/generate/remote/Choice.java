package dev.temper.generate.remote;

import dev.temper.generate.FinishReason;
import dev.temper.generate.TextCompletion;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One completion as it arrives. */
final class Choice {
  final StringBuilder text = new StringBuilder();
  final List<TextCompletion.Token> tokens = new ArrayList<>();
  final List<Integer> ids = new ArrayList<>();
  @Nullable FinishReason reason;

  /** Whether the listener has seen enough of it. */
  boolean cancelled;

  FinishReason reason() {
    return reason == null || cancelled ? FinishReason.CANCELLED : reason;
  }
}
