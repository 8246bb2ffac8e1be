package dev.temper.tensor;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
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

  /** A list the module keeps between calls, empty at first. */
  record StateList(String name, String elementType) {
    String declaration() {
      return "  " + name + " : List[" + elementType + "]\n";
    }
  }

  private KernelArchive() {}

  /** The archive of a module whose methods are {@code methods}, each indented by two spaces. */
  static byte[] of(String methods, List<StateList> state) {
    StringBuilder declared = new StringBuilder();
    state.forEach(list -> declared.append(list.declaration()));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "kernels/data.pkl", modulePickle(state));
      store(zip, "kernels/code/__torch__.py", utf8(HEADER + declared + methods));
      store(zip, "kernels/constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
      store(zip, "kernels/version", utf8("10\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * Opcodes: PROTO 2, GLOBAL, EMPTY_TUPLE, NEWOBJ, EMPTY_DICT, MARK, BINUNICODE, NEWFALSE,
   * SETITEMS, BUILD, STOP; for a list GLOBAL restore_type_tag, EMPTY_LIST, BINUNICODE (its type),
   * TUPLE2, REDUCE.
   */
  private static byte[] modulePickle(List<StateList> state) {
    ByteArrayOutputStream p = new ByteArrayOutputStream();
    p.writeBytes(new byte[] {(byte) 0x80, 2, 'c'});
    p.writeBytes(utf8("__torch__\nKernels\n"));
    p.writeBytes(new byte[] {')', (byte) 0x81, '}', '('});
    unicode(p, "training");
    p.write(0x89);
    for (StateList list : state) {
      unicode(p, list.name());
      p.write('c');
      p.writeBytes(utf8("torch.jit._pickle\nrestore_type_tag\n"));
      p.write(']');
      unicode(p, "List[" + list.elementType() + "]");
      p.writeBytes(new byte[] {(byte) 0x86, 'R'});
    }
    p.writeBytes(new byte[] {'u', 'b', '.'});
    return p.toByteArray();
  }

  private static void unicode(ByteArrayOutputStream p, String text) {
    byte[] bytes = utf8(text);
    p.writeBytes(new byte[] {'X', (byte) bytes.length, 0, 0, 0});
    p.writeBytes(bytes);
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
