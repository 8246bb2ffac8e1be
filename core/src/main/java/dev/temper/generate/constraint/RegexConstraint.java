package dev.temper.generate.constraint;

import dev.temper.UserException;
import dev.temper.generate.TokenConstraint;
import dev.temper.text.TokenBytes;
import dev.temper.text.Tokenizer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Only lets completions be generated that match a regular expression: at every step the tokens are
 * allowed after which a match is still possible, and stop tokens only after a match.
 *
 * <p>So a completion that ends with a stop token matches, whatever the model. One that ends by
 * length, by a stop string or is cancelled is the beginning of a match. To be sure to get a match
 * give the expression bounds, and {@code maxNewTokens} room for them: a token adds at least one
 * byte, save for one that is a dropped leading space.
 *
 * <p>Tokens of the vocabulary are bytes here, so characters may be put together of several tokens.
 * Added tokens, special or not, are never generated. The allowed tokens of an automaton state are
 * computed once: the first visit of a state costs a walk over the vocabulary, later ones a pass
 * over the logits. Safe for use by several threads and sequences.
 *
 * <pre>{@code
 * RegexConstraint date = RegexConstraint.of("\\d{4}-\\d{2}-\\d{2}", tokenizer, List.of(eosId));
 * options.stop(StopConditions.tokens(eosId)).constraint(date.processor())
 * }</pre>
 */
public final class RegexConstraint implements TokenConstraint<RegexConstraint.State> {
  /** Masks kept; a mask of 150,000 tokens has 19 kB. */
  private static final int MAX_MASKS = 20_000;

  private final TokenBytes vocabulary;
  private final TokenTrie trie;
  private final ByteAutomaton automaton;
  private final List<Integer> stopTokens;
  private final Map<State, BitSet> masks = new ConcurrentHashMap<>();

  private RegexConstraint(Regex regex, TokenBytes vocabulary, List<Integer> stopTokens) {
    this.vocabulary = vocabulary;
    this.trie = new TokenTrie(vocabulary);
    this.automaton = new ByteAutomaton(regex);
    this.stopTokens = List.copyOf(stopTokens);
    if (stopTokens.isEmpty()) {
      throw new IllegalArgumentException(
          "stop tokens is [], must be at least one id: a match ends with a stop token; name the"
              + " end-of-sequence id");
    }
  }

  /**
   * Where a completion is.
   *
   * @param automaton state of the automaton, -1 beyond every match
   * @param first whether nothing has been generated yet
   */
  public record State(int automaton, boolean first) {}

  /**
   * Completions match an expression.
   *
   * @param expression see {@link Regex#parse}
   * @param stopTokens the same as the {@link dev.temper.generate.StopConditions} of the options
   * @throws UserException if the expression is wrong, or the tokenizer's tokens are not bytes
   */
  public static RegexConstraint of(
      String expression, Tokenizer tokenizer, List<Integer> stopTokens) {
    return of(Regex.parse(expression), tokenizer, stopTokens);
  }

  /** Completions match an expression. */
  public static RegexConstraint of(Regex regex, Tokenizer tokenizer, List<Integer> stopTokens) {
    return new RegexConstraint(regex, TokenBytes.of(tokenizer), stopTokens);
  }

  @Override
  public State start() {
    return new State(ByteAutomaton.START, true);
  }

  @Override
  public State next(State state, int token) {
    byte[] bytes = token < vocabulary.size() ? vocabulary.tokens().get(token) : null;
    if (bytes == null) {
      // A stop token, or a token an outer processor forced: nothing follows.
      return new State(ByteAutomaton.DEAD, false);
    }
    return new State(automaton.next(state.automaton, bytes, skipped(state, bytes)), false);
  }

  /** Whether the text of this state is a match. */
  public boolean matches(State state) {
    return automaton.accepts(state.automaton);
  }

  @Override
  public void apply(State state, float[] logits) {
    BitSet allowed = masks.get(state);
    if (allowed == null) {
      allowed = mask(state);
      if (masks.size() < MAX_MASKS) {
        masks.put(state, allowed);
      }
    }
    int next = allowed.nextSetBit(0);
    if (next < 0) {
      throw new UserException(
          "constrained decoding is stuck: no token of the vocabulary goes on towards a match. The"
              + " vocabulary lacks a token for each single byte; choose an expression of characters"
              + " it has.");
    }
    int from = 0;
    while (next >= 0 && next < logits.length) {
      Arrays.fill(logits, from, next, Float.NEGATIVE_INFINITY);
      from = next + 1;
      next = allowed.nextSetBit(from);
    }
    Arrays.fill(logits, Math.min(from, logits.length), logits.length, Float.NEGATIVE_INFINITY);
  }

  private BitSet mask(State state) {
    BitSet out = new BitSet();
    if (state.first && vocabulary.dropsFirstSpace()) {
      for (int id = 0; id < vocabulary.size(); id++) {
        byte[] bytes = vocabulary.tokens().get(id);
        out.set(
            id,
            bytes != null
                && bytes.length > 0
                && automaton.next(state.automaton, bytes, skipped(state, bytes))
                    != ByteAutomaton.DEAD);
      }
    } else if (state.automaton != ByteAutomaton.DEAD) {
      out = trie.allowed(automaton, state.automaton);
    }
    boolean mayEnd = state.automaton == ByteAutomaton.DEAD || automaton.accepts(state.automaton);
    for (int id : stopTokens) {
      out.set(id, mayEnd);
    }
    return out;
  }

  private int skipped(State state, byte[] bytes) {
    return state.first && vocabulary.dropsFirstSpace() && bytes.length > 0 && bytes[0] == ' '
        ? 1
        : 0;
  }
}
