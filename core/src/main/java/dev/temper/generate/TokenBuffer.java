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
