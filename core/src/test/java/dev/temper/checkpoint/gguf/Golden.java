package dev.temper.checkpoint.gguf;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** Golden files of this package; see the PROVENANCE.md beside them. */
public final class Golden {
  private Golden() {}

  /** Bytes of a golden; a name ending in .gz is unpacked. */
  public static byte[] bytes(String name) {
    try (InputStream in =
        Objects.requireNonNull(Golden.class.getResourceAsStream("/golden/" + name), name)) {
      return name.endsWith(".gz") ? new GZIPInputStream(in).readAllBytes() : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static ByteBuffer buffer(String name) {
    return ByteBuffer.wrap(bytes(name)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A golden GGUF file, unpacked into a directory. */
  public static Path file(Path dir, String name) {
    try {
      return Files.write(dir.resolve(name), bytes("gguf/" + name + ".gz"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A golden Hugging Face directory. */
  public static Path model(String name) {
    try {
      return Objects.requireNonNull(
          Path.of(
                  Objects.requireNonNull(
                          Golden.class.getResource("/golden/models/" + name + "/config.json"))
                      .toURI())
              .getParent());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
