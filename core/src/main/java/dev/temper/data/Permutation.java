package dev.temper.data;

import java.util.Objects;

/**
 * A pseudo-random permutation of 0..size-1 that is a function of its keys and stores nothing.
 *
 * <p>The swap-or-not shuffle (Hoang, Morris and Rogaway 2012): in round r every index x has the
 * partner {@code K_r - x mod size}; a random bit that belongs to the pair decides whether the two
 * swap. It works for every size without walking cycles, which a Feistel network needs, and is close
 * to uniform for tiny sizes too. Rounds: 24 and six for each bit of the size, which is what the
 * paper's bound asks for.
 */
final class Permutation {
  private final long size;
  private final long[] roundKeys;
  private final long[] partners;

  Permutation(long size, long seed, long epoch) {
    if (size < 1 || size > Long.MAX_VALUE / 2) {
      throw new IllegalArgumentException("size: " + size + " must be 1 to 2^62");
    }
    this.size = size;
    int rounds = 24 + 6 * (64 - Long.numberOfLeadingZeros(size - 1));
    long key = Hash64.hash(Hash64.hash(seed, 1), epoch);
    roundKeys = new long[rounds];
    partners = new long[rounds];
    for (int r = 0; r < rounds; r++) {
      roundKeys[r] = Hash64.hash(key, 2L * r);
      partners[r] = Long.remainderUnsigned(Hash64.hash(key, 2L * r + 1), size);
    }
  }

  /** Where {@code index} is sent. */
  long at(long index) {
    Objects.checkIndex(index, size);
    long x = index;
    for (int r = 0; r < roundKeys.length; r++) {
      long partner = partners[r] - x;
      if (partner < 0) {
        partner += size;
      }
      if (Hash64.hash(roundKeys[r], Math.max(x, partner)) < 0) {
        x = partner;
      }
    }
    return x;
  }
}
