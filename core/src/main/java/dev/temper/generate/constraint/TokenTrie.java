package dev.temper.generate.constraint;

import dev.temper.text.TokenBytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/**
 * The tokens of a vocabulary in the order of their bytes, so that tokens with a common beginning
 * are walked together. Tokens without bytes are not in it.
 */
final class TokenTrie {
  private final int[] ids;
  private final byte[][] bytes;

  TokenTrie(TokenBytes vocabulary) {
    List<Integer> known = new ArrayList<>();
    for (int id = 0; id < vocabulary.size(); id++) {
      byte[] b = vocabulary.tokens().get(id);
      if (b != null && b.length > 0) {
        known.add(id);
      }
    }
    Comparator<Integer> order =
        (a, b) -> Arrays.compareUnsigned(vocabulary.tokens().get(a), vocabulary.tokens().get(b));
    known.sort(order);
    ids = known.stream().mapToInt(Integer::intValue).toArray();
    bytes = known.stream().map(id -> vocabulary.tokens().get(id)).toArray(byte[][]::new);
  }

  /** The tokens whose bytes lead from a state to a living one. */
  BitSet allowed(ByteAutomaton automaton, int state) {
    BitSet out = new BitSet();
    int longest = Arrays.stream(bytes).mapToInt(b -> b.length).max().orElse(0);
    // states[i]: after the first i bytes of the present token
    int[] states = new int[longest + 1];
    states[0] = state;
    int valid = 0; // how many bytes of the previous token `states` holds
    byte[] previous = new byte[0];
    for (int t = 0; t < bytes.length; t++) {
      byte[] token = bytes[t];
      int shared = Math.min(valid, common(previous, token));
      int i = shared;
      while (i < token.length && states[i] != ByteAutomaton.DEAD) {
        states[i + 1] = automaton.next(states[i], token[i] & 0xFF);
        i++;
      }
      valid = i;
      if (i == token.length && states[i] != ByteAutomaton.DEAD) {
        out.set(ids[t]);
      }
      previous = token;
    }
    return out;
  }

  private static int common(byte[] a, byte[] b) {
    int n = Arrays.mismatch(a, b);
    return n < 0 ? a.length : n;
  }
}
