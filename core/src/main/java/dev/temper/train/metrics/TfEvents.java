package dev.temper.train.metrics;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * The bytes of TensorBoard's event files: protobuf messages written by hand, framed as TFRecords.
 *
 * <p>A record is the length (8 bytes, little-endian), its masked CRC-32C, the message, and its
 * masked CRC-32C. Of {@code Event} the fields wall_time 1, step 2, file_version 3, summary 5 and
 * session_log 7 are used; of {@code Summary.Value} tag 1, simple_value 2, tensor 8 and metadata 9.
 */
final class TfEvents {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;
  private static final int DT_STRING = 7;
  private static final int DATA_CLASS_TENSOR = 2;
  private static final int SESSION_START = 1;

  private TfEvents() {}

  /** The first record of every file. */
  static byte[] fileVersion(double wallTime) {
    return record(event(wallTime, 0).text(3, "brain.Event:2"));
  }

  /** Tells TensorBoard to forget events at {@code step} and after that an earlier file holds. */
  static byte[] sessionStart(double wallTime, long step) {
    return record(event(wallTime, step).message(7, new Message().varint(1, SESSION_START)));
  }

  /** One number. */
  static Message scalar(String tag, double value) {
    return new Message().text(1, tag).float32(2, (float) value);
  }

  /** One text for the text plugin: a tensor of one string. */
  static Message text(String tag, String text) {
    Message metadata =
        new Message().message(1, new Message().text(1, "text")).varint(4, DATA_CLASS_TENSOR);
    Message shape = new Message().message(2, new Message().varint(1, 1));
    Message tensor = new Message().varint(1, DT_STRING).message(2, shape).text(8, text);
    return new Message().text(1, tag).message(9, metadata).message(8, tensor);
  }

  /** A record with the values of one step. */
  static byte[] summary(double wallTime, long step, Iterable<Message> values) {
    Message summary = new Message();
    for (Message value : values) {
      summary.message(1, value);
    }
    return record(event(wallTime, step).message(5, summary));
  }

  private static Message event(double wallTime, long step) {
    return new Message().float64(1, wallTime).varint(2, step);
  }

  static byte[] record(Message message) {
    byte[] data = message.bytes();
    ByteBuffer out = ByteBuffer.allocate(8 + 4 + data.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(data.length);
    out.putInt(maskedCrc(out.array(), 0, 8));
    out.put(data);
    out.putInt(maskedCrc(data, 0, data.length));
    return out.array();
  }

  /**
   * CRC-32C rotated by 15 bits plus a constant: TFRecord's guard against checksums of data that
   * contains checksums.
   */
  static int maskedCrc(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }

  /** A protobuf message under construction. */
  static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message varint(int field, long value) {
      tag(field, VARINT);
      writeVarint(value);
      return this;
    }

    Message float64(int field, double value) {
      tag(field, FIXED64);
      out.writeBytes(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(value).array());
      return this;
    }

    Message float32(int field, float value) {
      tag(field, FIXED32);
      out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array());
      return this;
    }

    Message text(int field, String value) {
      return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return bytes(field, value.bytes());
    }

    private Message bytes(int field, byte[] value) {
      tag(field, BYTES);
      writeVarint(value.length);
      out.writeBytes(value);
      return this;
    }

    byte[] bytes() {
      return out.toByteArray();
    }

    private void tag(int field, int wireType) {
      writeVarint(((long) field << 3) | wireType);
    }

    private void writeVarint(long value) {
      long rest = value;
      while ((rest & ~0x7fL) != 0) {
        out.write((int) ((rest & 0x7f) | 0x80));
        rest >>>= 7;
      }
      out.write((int) rest);
    }
  }
}
