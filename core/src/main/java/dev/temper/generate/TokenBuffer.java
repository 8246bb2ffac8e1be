package dev.temper.generate;

import java.util.Arrays;
import java.util.Objects;

/** The growing ids of one sequence. Not safe for use by several threads. */
public final class TokenBuffer implements TokenContext {
  private final int promptLength;
  private int[] ids;
  private int length;

  /** Starts with a copy of a prompt, which may be empty. */
  public TokenBuffer(int[] prompt) {
    this.promptLength = prompt.length;
    this.length = prompt.length;
    this.ids = Arrays.copyOf(prompt, prompt.length + 16);
  }

  private TokenBuffer(TokenBuffer other) {
    this.promptLength = other.promptLength;
    this.length = other.length;
    this.ids = Arrays.copyOf(other.ids, other.length + 16);
  }

  /** An independent copy. */
  public TokenBuffer copy() {
    return new TokenBuffer(this);
  }

  /** Forgets the last generated ids, down to a number of ids in total; the prompt stays. */
  public void truncate(int newLength) {
    if (newLength < promptLength || newLength > length) {
      throw new IllegalArgumentException(
          "new length is " + newLength + ", must be in [" + promptLength + ", " + length + "]");
    }
    length = newLength;
  }

  /** Appends one generated id. */
  public void add(int id) {
    if (length == ids.length) {
      ids = Arrays.copyOf(ids, length + (length >> 1) + 16);
    }
    ids[length++] = id;
  }

  /** A copy of the generated ids, without the prompt. */
  public int[] generated() {
    return Arrays.copyOfRange(ids, promptLength, length);
  }

  /** A copy of all ids, prompt first. */
  public int[] toArray() {
    return Arrays.copyOf(ids, length);
  }

  @Override
  public int length() {
    return length;
  }

  @Override
  public int promptLength() {
    return promptLength;
  }

  @Override
  public int get(int index) {
    return ids[Objects.checkIndex(index, length)];
  }
}
