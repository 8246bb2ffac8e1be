package dev.temper.tensor;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive from source text.
 *
 * <p>The archive is a zip of stored entries: a protocol 2 pickle of one module object without
 * parameters, its source code, an empty constant table and a format version. libtorch reads it like
 * a file that Python's {@code torch.jit.save} wrote.
 */
final class KernelArchive {
  private static final String HEADER =
      """
      class Kernels(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
      """;

  private KernelArchive() {}

  /** The archive of a module whose methods are {@code methods}, each indented by two spaces. */
  static byte[] of(String methods) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "kernels/data.pkl", modulePickle());
      store(zip, "kernels/code/__torch__.py", utf8(HEADER + methods));
      store(zip, "kernels/constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
      store(zip, "kernels/version", utf8("10\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * Opcodes: PROTO 2, GLOBAL, EMPTY_TUPLE, NEWOBJ, EMPTY_DICT, MARK, BINUNICODE, NEWFALSE,
   * SETITEMS, BUILD, STOP.
   */
  private static byte[] modulePickle() {
    ByteArrayOutputStream p = new ByteArrayOutputStream();
    p.writeBytes(new byte[] {(byte) 0x80, 2, 'c'});
    p.writeBytes(utf8("__torch__\nKernels\n"));
    p.writeBytes(new byte[] {')', (byte) 0x81, '}', '(', 'X'});
    byte[] key = utf8("training");
    p.writeBytes(new byte[] {(byte) key.length, 0, 0, 0});
    p.writeBytes(key);
    p.writeBytes(new byte[] {(byte) 0x89, 'u', 'b', '.'});
    return p.toByteArray();
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCompressedSize(content.length);
    entry.setTime(0);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  private static byte[] utf8(String s) {
    return s.getBytes(StandardCharsets.UTF_8);
  }
}
