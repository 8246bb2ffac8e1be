package dev.temper.data;

import java.io.IOException;
import java.io.InputStream;

/** A buffered stream that can look ahead: file types are told by their first bytes. */
final class ByteSource extends InputStream {
  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int position;
  private int limit;

  ByteSource(InputStream in) {
    this.in = in;
  }

  /**
   * The byte {@code offset} places ahead without consuming it, or -1 past the end; {@code offset}
   * is a few bytes at most.
   */
  int peek(int offset) throws IOException {
    while (limit - position <= offset) {
      if (position > 0) {
        System.arraycopy(buffer, position, buffer, 0, limit - position);
        limit -= position;
        position = 0;
      }
      int n = in.read(buffer, limit, buffer.length - limit);
      if (n < 0) {
        return -1;
      }
      limit += n;
    }
    return buffer[position + offset] & 0xff;
  }

  /** True if the coming bytes are {@code prefix}. */
  boolean startsWith(int... prefix) throws IOException {
    for (int i = 0; i < prefix.length; i++) {
      if (peek(i) != prefix[i]) {
        return false;
      }
    }
    return true;
  }

  /** Consumes {@code n} bytes that have been peeked. */
  void consume(int n) {
    position += n;
  }

  @Override
  public int read() throws IOException {
    return fill() ? buffer[position++] & 0xff : -1;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int n = Math.min(length, limit - position);
    System.arraycopy(buffer, position, to, offset, n);
    position += n;
    return n;
  }

  /** Needed by {@code GZIPInputStream} to see that another member follows. */
  @Override
  public int available() throws IOException {
    return limit - position + in.available();
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  private boolean fill() throws IOException {
    while (position == limit) {
      int n = in.read(buffer, 0, buffer.length);
      if (n < 0) {
        return false;
      }
      position = 0;
      limit = n;
    }
    return true;
  }
}
