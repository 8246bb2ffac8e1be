package dev.temper.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;

/**
 * Checks the normalisation table of SentencePiece tokenizers ({@code precompiled_charsmap}): a
 * double-array trie whose leaves point into a string of replacements. A link that leaves the table
 * would end the JVM when a text reaches it, so every reachable link is followed here.
 */
final class PrecompiledGuard {
  private PrecompiledGuard() {}

  /**
   * Checks a decoded table.
   *
   * @param map trie size in bytes (32-bit little-endian), the trie's units, the replacements, each
   *     ended by a zero byte
   */
  static void check(byte[] map, String where) {
    ByteBuffer buffer = ByteBuffer.wrap(map).order(ByteOrder.LITTLE_ENDIAN);
    long size = map.length < 4 ? -1 : Integer.toUnsignedLong(buffer.getInt(0));
    if (size < 4 || size % 4 != 0 || 4 + size > map.length) {
      throw new TokenizerException(
          where
              + " is damaged: its table of "
              + size
              + " bytes does not fit into "
              + map.length
              + " bytes");
    }
    int units = (int) (size / 4);
    int textStart = 4 + (int) size;
    BitSet seen = new BitSet(units);
    Deque<Integer> open = new ArrayDeque<>();
    open.add(follow(0, buffer, units, where));
    while (!open.isEmpty()) {
      int base = open.remove();
      for (int label = 1; label < 256; label++) {
        int node = base ^ label;
        if (node >= units) {
          throw new TokenizerException(
              where + " is damaged: a link leads to unit " + node + " of " + units);
        }
        int unit = unit(buffer, node);
        if ((unit & (0x80000000 | 0xFF)) != label || seen.get(node)) {
          continue;
        }
        seen.set(node);
        int next = follow(node, buffer, units, where);
        if ((unit >>> 8 & 1) == 1) {
          int target = unit(buffer, next) & 0x7FFFFFFF;
          int byteAt = textStart + target;
          boolean inside = target <= map.length - textStart;
          if (!inside || (byteAt < map.length && (map[byteAt] & 0xC0) == 0x80)) {
            throw new TokenizerException(
                where
                    + " is damaged: a replacement starts at byte "
                    + target
                    + ", which is not the start of a character");
          }
        }
        open.add(next);
      }
    }
  }

  private static int follow(int node, ByteBuffer buffer, int units, String where) {
    int unit = unit(buffer, node);
    int next = node ^ ((unit >>> 10) << ((unit & (1 << 9)) >>> 6));
    if (next < 0 || next >= units) {
      throw new TokenizerException(
          where
              + " is damaged: a link leads to unit "
              + Integer.toUnsignedString(next)
              + " of "
              + units);
    }
    return next;
  }

  private static int unit(ByteBuffer buffer, int index) {
    return buffer.getInt(4 + 4 * index);
  }
}
