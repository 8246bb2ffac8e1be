package dev.temper.generate.constraint;

import dev.temper.UserException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A deterministic automaton over the UTF-8 bytes of a text, made from an expression by Thompson's
 * construction; its states are sets of the nondeterministic automaton's, made when first reached.
 *
 * <p>From every state a match can be reached: an expression has no part that matches nothing.
 */
final class ByteAutomaton {
  /** The state of texts that are the beginning of no match. */
  static final int DEAD = -1;

  /** The state of the empty text. */
  static final int START = 0;

  static final int MAX_NODES = 400_000;
  static final int MAX_STATES = 200_000;
  private static final int UNKNOWN = -2;

  // Nodes of the nondeterministic automaton. A node reads a byte in [low, high] and goes to `to`,
  // or, if low is SPLIT, reads nothing and
  // goes to `to` and to `other`.
  private static final short SPLIT = -1;
  private static final int MATCH = 0;

  private int nodes = 1;
  private short[] low = new short[1024];
  private short[] high = new short[1024];
  private int[] to = new int[1024];
  private int[] other = new int[1024];

  private final List<int[]> states = new ArrayList<>();
  private final List<int[]> transitions = new ArrayList<>();
  private final BitSet accepting = new BitSet();
  private final Map<Key, Integer> numbers = new HashMap<>();

  ByteAutomaton(Regex regex) {
    int first = compile(regex, MATCH);
    BitSet start = new BitSet();
    close(first, start);
    intern(start);
  }

  private record Key(int[] set, int hash) {
    Key(int[] set) {
      this(set, Arrays.hashCode(set));
    }

    @Override
    public boolean equals(Object o) {
      return o instanceof Key that && hash == that.hash && Arrays.equals(set, that.set);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  /** Whether the text read so far is a match. */
  synchronized boolean accepts(int state) {
    return state != DEAD && accepting.get(state);
  }

  /** The state after one more byte (0 to 255). */
  synchronized int next(int state, int value) {
    if (state == DEAD) {
      return DEAD;
    }
    int[] row = transitions.get(state);
    if (row[value] == UNKNOWN) {
      BitSet reached = new BitSet();
      for (int node : states.get(state)) {
        if (node != MATCH && low[node] <= value && value <= high[node]) {
          close(to[node], reached);
        }
      }
      row[value] = reached.isEmpty() ? DEAD : intern(reached);
    }
    return row[value];
  }

  /** The state after a text's bytes. */
  int next(int state, byte[] bytes, int from) {
    int s = state;
    for (int i = from; i < bytes.length && s != DEAD; i++) {
      s = next(s, bytes[i] & 0xFF);
    }
    return s;
  }

  private int intern(BitSet set) {
    int[] members = set.stream().toArray();
    Integer known = numbers.get(new Key(members));
    if (known != null) {
      return known;
    }
    int number = states.size();
    if (number >= MAX_STATES) {
      throw new UserException(
          "the regular expression or JSON schema needs more than "
              + MAX_STATES
              + " automaton states: bound its repetitions lower");
    }
    int[] row = new int[256];
    Arrays.fill(row, UNKNOWN);
    states.add(members);
    transitions.add(row);
    accepting.set(number, set.get(MATCH));
    numbers.put(new Key(members), number);
    return number;
  }

  /** Adds a node and what it reaches without reading; only nodes that read, and the match. */
  private void close(int node, BitSet into) {
    int[] stack = new int[16];
    int n = 0;
    BitSet seen = new BitSet();
    stack[n++] = node;
    while (n > 0) {
      int s = stack[--n];
      if (seen.get(s)) {
        continue;
      }
      seen.set(s);
      if (s != MATCH && low[s] == SPLIT) {
        if (n + 2 > stack.length) {
          stack = Arrays.copyOf(stack, 2 * n + 2);
        }
        stack[n++] = to[s];
        stack[n++] = other[s];
      } else {
        into.set(s);
      }
    }
  }

  /** The node from which {@code regex} and then {@code next} is read. */
  private int compile(Regex regex, int next) {
    if (regex instanceof Regex.Chars chars) {
      return characters(chars.set(), next);
    }
    if (regex instanceof Regex.Sequence sequence) {
      int at = next;
      for (int i = sequence.parts().size() - 1; i >= 0; i--) {
        at = compile(sequence.parts().get(i), at);
      }
      return at;
    }
    if (regex instanceof Regex.Choice choice) {
      int at = compile(choice.options().get(0), next);
      for (Regex option : choice.options().subList(1, choice.options().size())) {
        at = split(at, compile(option, next));
      }
      return at;
    }
    if (regex instanceof Regex.Repeat repeat) {
      return repeat(repeat, next);
    }
    return next;
  }

  private int repeat(Regex.Repeat repeat, int next) {
    int at = next;
    if (repeat.max() == -1) {
      int loop = split(next, next);
      to[loop] = compile(repeat.part(), loop);
      at = loop;
    } else {
      for (int i = repeat.min(); i < repeat.max(); i++) {
        at = split(compile(repeat.part(), at), next);
      }
    }
    for (int i = 0; i < repeat.min(); i++) {
      at = compile(repeat.part(), at);
    }
    return at;
  }

  private int characters(CharSet set, int next) {
    int at = -1;
    for (int r = 0; r < set.ranges(); r++) {
      for (int[] bytes : Utf8.sequences(set.low(r), set.high(r))) {
        int chain = next;
        for (int i = bytes.length - 2; i >= 0; i -= 2) {
          chain = node((short) bytes[i], (short) bytes[i + 1], chain, MATCH);
        }
        at = at == -1 ? chain : split(at, chain);
      }
    }
    return at;
  }

  private int split(int a, int b) {
    return node(SPLIT, SPLIT, a, b);
  }

  private int node(short from, short until, int next, int second) {
    if (nodes >= MAX_NODES) {
      throw new UserException(
          "the regular expression or JSON schema needs more than "
              + MAX_NODES
              + " automaton nodes: bound its repetitions lower");
    }
    if (nodes == low.length) {
      low = Arrays.copyOf(low, 2 * nodes);
      high = Arrays.copyOf(high, 2 * nodes);
      to = Arrays.copyOf(to, 2 * nodes);
      other = Arrays.copyOf(other, 2 * nodes);
    }
    low[nodes] = from;
    high[nodes] = until;
    to[nodes] = next;
    other[nodes] = second;
    return nodes++;
  }
}
