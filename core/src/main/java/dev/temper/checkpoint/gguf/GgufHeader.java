package dev.temper.checkpoint.gguf;

import dev.temper.checkpoint.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads and checks a GGUF header. Whatever a count, a length or an offset claims is compared with
 * what is left of the file before anything of that size is allocated.
 *
 * @param dataStart where the data section begins in the file
 */
record GgufHeader(
    int version,
    int alignment,
    GgufMetadata metadata,
    Map<String, GgufTensor> tensors,
    long dataStart) {
  /** "GGUF", little endian. */
  static final int MAGIC = 0x46554747;

  static final String ALIGNMENT_KEY = "general.alignment";
  static final int DEFAULT_ALIGNMENT = 32;

  /** What the format allows for a key. */
  static final int MAX_KEY_BYTES = 65_535;

  /** ggml's limit on dimensions. */
  static final int MAX_DIMENSIONS = 4;

  /** The format allows 64 bytes, but files with longer names exist and are read elsewhere. */
  static final int MAX_NAME_BYTES = 4096;

  private static final int MAX_DEPTH = 8;
  private static final int MAX_STRING_BYTES = 64 << 20;
  private static final long MAX_ARRAY_ELEMENTS = 8L << 20;
  private static final int MAX_ALIGNMENT = 1 << 20;

  /** Name length, dimension count, one type and one offset. */
  private static final int LEAST_TENSOR_BYTES = 8 + 4 + 4 + 8;

  /** Key length, type, one byte of value. */
  private static final int LEAST_PAIR_BYTES = 8 + 4 + 1;

  /**
   * Parses a header.
   *
   * @param file for messages
   * @param bytes the file from its first byte on, little endian; at least the header
   * @param size of the whole file
   */
  static GgufHeader parse(Path file, ByteBuffer bytes, long size) {
    return new Parser(file, bytes, size).parse();
  }

  private static final class Parser {
    private final Path file;
    private final ByteBuffer in;
    private final long size;
    private long elements;

    Parser(Path file, ByteBuffer in, long size) {
      this.file = file;
      this.in = in;
      this.size = size;
    }

    GgufHeader parse() {
      int version = start();
      long tensorCount = count("tensors", LEAST_TENSOR_BYTES);
      long pairCount = count("metadata entries", LEAST_PAIR_BYTES);
      Map<String, GgufValue> pairs = new LinkedHashMap<>();
      for (long i = 0; i < pairCount; i++) {
        String key = text("key " + i + " of the metadata", MAX_KEY_BYTES);
        GgufValue value = value("metadata '" + key + "'", kind("metadata '" + key + "'"), 0);
        if (pairs.put(key, value) != null) {
          throw damaged("the metadata key '" + key + "' is there twice");
        }
      }
      GgufMetadata metadata = new GgufMetadata(file.toString(), pairs);
      int alignment = alignment(metadata);
      Map<String, GgufTensor> tensors = new LinkedHashMap<>();
      for (long i = 0; i < tensorCount; i++) {
        GgufTensor t = tensor(i, alignment);
        if (tensors.put(t.name(), t) != null) {
          throw damaged("two tensors are called '" + t.name() + "'");
        }
      }
      long dataStart = Math.min(size, pad(in.position(), alignment));
      checkLayout(tensors, size - dataStart);
      return new GgufHeader(version, alignment, metadata, tensors, dataStart);
    }

    private int start() {
      if (size < 24) {
        throw damaged(size + " bytes are too few for a GGUF file; it is truncated");
      }
      int magic = in.getInt();
      if (magic != MAGIC) {
        throw damaged("does not start with 'GGUF': not a GGUF file");
      }
      int version = in.getInt();
      if (version == Integer.reverseBytes(2) || version == Integer.reverseBytes(3)) {
        throw damaged(
            "is a big-endian GGUF file, which is not read; convert it to little endian (gguf-convert-endian of the Python package gguf)");
      }
      if (version != 2 && version != 3) {
        throw damaged(
            "has GGUF version "
                + Integer.toUnsignedString(version)
                + "; versions 2 and 3 are read"
                + (version == 1 ? ": write it again with a newer llama.cpp" : ""));
      }
      return version;
    }

    private long count(String what, int leastBytes) {
      long n = in.getLong();
      if (n < 0 || n > (size - in.position()) / leastBytes) {
        throw damaged(
            "claims " + Long.toUnsignedString(n) + " " + what + ", more than its bytes can hold");
      }
      return n;
    }

    private void need(String what, long bytes) {
      if (bytes < 0 || bytes > in.remaining()) {
        throw damaged(
            what
                + ": needs "
                + Long.toUnsignedString(bytes)
                + " bytes where "
                + in.remaining()
                + " are left: the file is truncated or damaged");
      }
    }

    private GgufValue.Kind kind(String what) {
      need(what, 4);
      int number = in.getInt();
      GgufValue.Kind[] all = GgufValue.Kind.values();
      if (number < 0 || number >= all.length) {
        throw damaged(what + ": has the unknown type number " + Integer.toUnsignedString(number));
      }
      return all[number];
    }

    private String text(String what, int max) {
      need(what, 8);
      long length = in.getLong();
      if (length < 0 || length > max) {
        throw damaged(
            what
                + ": claims a length of "
                + Long.toUnsignedString(length)
                + " bytes; at most "
                + max
                + " are read");
      }
      need(what, length);
      ByteBuffer utf8 = in.slice(in.position(), (int) length);
      in.position(in.position() + (int) length);
      try {
        return StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT)
            .decode(utf8)
            .toString();
      } catch (CharacterCodingException e) {
        throw new CheckpointException(file + ": " + what + ": is not UTF-8", e);
      }
    }

    private GgufValue value(String what, GgufValue.Kind kind, int depth) {
      need(what, kind.leastBytes());
      return switch (kind) {
        case STRING -> new GgufValue.Text(text(what, MAX_STRING_BYTES));
        case BOOL -> new GgufValue.Flag(bool(what));
        case FLOAT32, FLOAT64 -> new GgufValue.Real(kind, real(kind));
        case ARRAY -> array(what, depth);
        default -> new GgufValue.Whole(kind, whole(kind));
      };
    }

    private boolean bool(String what) {
      byte b = in.get();
      if (b != 0 && b != 1) {
        throw damaged(what + ": a boolean is 0 or 1, not " + b);
      }
      return b == 1;
    }

    private double real(GgufValue.Kind kind) {
      return kind == GgufValue.Kind.FLOAT32 ? in.getFloat() : in.getDouble();
    }

    private long whole(GgufValue.Kind kind) {
      return switch (kind) {
        case UINT8 -> in.get() & 0xff;
        case INT8 -> in.get();
        case UINT16 -> in.getShort() & 0xffff;
        case INT16 -> in.getShort();
        case UINT32 -> in.getInt() & 0xffffffffL;
        case INT32 -> in.getInt();
        default -> in.getLong();
      };
    }

    private GgufValue array(String what, int depth) {
      GgufValue.Kind kind = kind(what);
      need(what, 8);
      long n = in.getLong();
      if (n < 0 || n > in.remaining() / kind.leastBytes()) {
        throw damaged(
            what
                + ": claims an array of "
                + Long.toUnsignedString(n)
                + " "
                + kind
                + ", more than its bytes can hold");
      }
      elements += n;
      if (elements > MAX_ARRAY_ELEMENTS) {
        throw damaged(
            what
                + ": the metadata's arrays have more than "
                + MAX_ARRAY_ELEMENTS
                + " elements, more than any vocabulary needs");
      }
      int length = (int) n;
      return switch (kind) {
        case STRING -> {
          List<String> out = new ArrayList<>(length);
          for (int i = 0; i < length; i++) {
            out.add(text(what, MAX_STRING_BYTES));
          }
          yield new GgufValue.Texts(out);
        }
        case BOOL -> {
          boolean[] out = new boolean[length];
          for (int i = 0; i < length; i++) {
            out[i] = bool(what);
          }
          yield new GgufValue.Flags(out);
        }
        case FLOAT32, FLOAT64 -> {
          double[] out = new double[length];
          for (int i = 0; i < length; i++) {
            out[i] = real(kind);
          }
          yield new GgufValue.Reals(kind, out);
        }
        case ARRAY -> {
          if (depth == MAX_DEPTH) {
            throw damaged(what + ": arrays are nested deeper than " + MAX_DEPTH);
          }
          List<GgufValue> out = new ArrayList<>(length);
          for (int i = 0; i < length; i++) {
            need(what, kind.leastBytes());
            out.add(array(what, depth + 1));
          }
          yield new GgufValue.Nested(out);
        }
        default -> {
          long[] out = new long[length];
          for (int i = 0; i < length; i++) {
            out[i] = whole(kind);
          }
          yield new GgufValue.Wholes(kind, out);
        }
      };
    }

    private int alignment(GgufMetadata metadata) {
      long a = metadata.whole(ALIGNMENT_KEY).orElse(DEFAULT_ALIGNMENT);
      if (a < 8 || a > MAX_ALIGNMENT || a % 8 != 0) {
        throw damaged(
            ALIGNMENT_KEY + " is " + a + "; it must be a multiple of 8 from 8 to " + MAX_ALIGNMENT);
      }
      return (int) a;
    }

    private GgufTensor tensor(long index, int alignment) {
      String name = text("name of tensor " + index, MAX_NAME_BYTES);
      String what = "tensor '" + name + "'";
      need(what, 4);
      int dimensions = in.getInt();
      if (dimensions < 0 || dimensions > MAX_DIMENSIONS) {
        throw damaged(
            what
                + ": has "
                + Integer.toUnsignedString(dimensions)
                + " dimensions; at most "
                + MAX_DIMENSIONS
                + " are allowed");
      }
      need(what, 8L * dimensions + 4 + 8);
      List<Long> shape = new ArrayList<>();
      for (int i = 0; i < dimensions; i++) {
        long d = in.getLong();
        if (d < 0) {
          throw damaged(what + ": has the size " + Long.toUnsignedString(d));
        }
        shape.add(0, d);
      }
      int number = in.getInt();
      GgufType type =
          GgufType.numbered(number)
              .orElseThrow(
                  () ->
                      damaged(
                          what
                              + ": has the unknown type number "
                              + Integer.toUnsignedString(number)));
      long offset = in.getLong();
      if (offset < 0 || offset % alignment != 0) {
        throw damaged(
            what
                + ": starts at byte "
                + Long.toUnsignedString(offset)
                + " of the data, which is no multiple of the alignment "
                + alignment);
      }
      return new GgufTensor(name, type, shape, offset, bytes(what, type, shape));
    }

    private long bytes(String what, GgufType type, List<Long> shape) {
      long row = shape.isEmpty() ? 1 : shape.get(shape.size() - 1);
      if (row % type.blockElements() != 0) {
        throw damaged(
            what
                + ": rows of "
                + row
                + " elements are no whole number of "
                + type
                + "'s blocks of "
                + type.blockElements());
      }
      try {
        long n = 1;
        for (long d : shape) {
          n = Math.multiplyExact(n, d);
        }
        return type.bytes(n);
      } catch (ArithmeticException e) {
        throw new CheckpointException(
            file + ": " + what + ": the number of elements of shape " + shape + " overflows", e);
      }
    }

    private void checkLayout(Map<String, GgufTensor> tensors, long dataBytes) {
      List<GgufTensor> inOrder = new ArrayList<>(tensors.values());
      inOrder.sort(
          Comparator.comparingLong(GgufTensor::offset).thenComparingLong(GgufTensor::bytes));
      long end = 0;
      String previous = "";
      for (GgufTensor t : inOrder) {
        if (t.bytes() > dataBytes || t.offset() > dataBytes - t.bytes()) {
          throw damaged(
              "tensor '"
                  + t.name()
                  + "': its "
                  + t.bytes()
                  + " bytes from "
                  + t.offset()
                  + " on are outside the "
                  + dataBytes
                  + " bytes of data: the file is truncated or damaged; copy or download it again");
        }
        if (t.bytes() > 0 && t.offset() < end) {
          throw damaged("tensors '" + previous + "' and '" + t.name() + "' overlap");
        }
        if (t.bytes() > 0) {
          end = t.offset() + t.bytes();
          previous = t.name();
        }
      }
    }

    private CheckpointException damaged(String what) {
      return new CheckpointException(file + ": " + what);
    }
  }

  static long pad(long position, int alignment) {
    return (position + alignment - 1) / alignment * alignment;
  }
}
