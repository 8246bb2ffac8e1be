package dev.temper.text;

import java.util.List;
import java.util.Set;

/** Which messages of a chat are trained, and how strongly. */
@FunctionalInterface
public interface TrainOn {
  /** The role whose messages the model writes. */
  String ASSISTANT = "assistant";

  /**
   * What a policy sees of a message.
   *
   * @param role its role
   * @param weight its own {@code weight}, 1 if it has none
   */
  record Turn(String role, float weight) {
    /** Checks that the weight is finite and not negative. */
    public Turn {
      if (!(weight >= 0) || Float.isInfinite(weight)) {
        throw new IllegalArgumentException(
            "weight of a message must be finite and at least 0; got " + weight);
      }
    }
  }

  /** The weight of message {@code index}: 0 leaves it out. */
  float weight(List<Turn> turns, int index);

  /** Every assistant message with weight 1. */
  static TrainOn assistant() {
    return roles(Set.of(ASSISTANT));
  }

  /** Every assistant message with its own {@code weight}. */
  static TrainOn messageWeights() {
    return (turns, i) -> turns.get(i).role().equals(ASSISTANT) ? turns.get(i).weight() : 0;
  }

  /** The last assistant message. */
  static TrainOn lastTurn() {
    return lastTurns(1);
  }

  /** The last {@code count} assistant messages. */
  static TrainOn lastTurns(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("count must be at least 1; got " + count);
    }
    return (turns, i) -> {
      long later =
          turns.subList(i + 1, turns.size()).stream()
              .filter(t -> t.role().equals(ASSISTANT))
              .count();
      return turns.get(i).role().equals(ASSISTANT) && later < count ? 1 : 0;
    };
  }

  /** The messages of these roles. */
  static TrainOn roles(Set<String> roles) {
    Set<String> copy = Set.copyOf(roles);
    return (turns, i) -> copy.contains(turns.get(i).role()) ? 1 : 0;
  }

  /** The messages of all roles but these. */
  static TrainOn allBut(Set<String> roles) {
    Set<String> copy = Set.copyOf(roles);
    return (turns, i) -> copy.contains(turns.get(i).role()) ? 0 : 1;
  }

  /** Every message. Headers and separators stay untrained. */
  static TrainOn all() {
    return (turns, i) -> 1;
  }
}
