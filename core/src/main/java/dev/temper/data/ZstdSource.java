package dev.temper.data;

import io.airlift.compress.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Unpacks Zstandard by the optional library {@code io.airlift:aircompressor}. Whatever the library
 * throws for malformed data is an {@link IOException} here.
 */
final class ZstdSource extends InputStream {
  private final ZstdInputStream unpacked;

  private ZstdSource(InputStream packed) {
    this.unpacked = new ZstdInputStream(packed);
  }

  /** Opens packed data. */
  static InputStream open(Origin origin, InputStream packed) {
    try {
      return new ZstdSource(packed);
    } catch (NoClassDefFoundError e) {
      throw new DataException(
          origin,
          "is compressed with zstd; to read it, add io.airlift:aircompressor to the class path, or"
              + " unpack it first",
          e);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    try {
      return unpacked.read(to, offset, length);
    } catch (RuntimeException e) {
      throw new IOException("malformed zstd data: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    unpacked.close();
  }
}
