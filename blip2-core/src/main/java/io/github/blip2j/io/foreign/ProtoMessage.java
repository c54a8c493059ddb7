package io.github.blip2j.io.foreign;

import io.github.blip2j.io.file.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message of Protocol Buffers in its binary encoding: fields by number. Groups, which no current
 * file has, are refused.
 */
final class ProtoMessage {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH = 2;
  private static final int FIXED32 = 5;

  private final String where;
  private final List<Field> fields = new ArrayList<>();

  /** A number, or the bytes of a text, a message or packed numbers. */
  private record Field(int number, long value, @Nullable ByteBuffer bytes) {}

  private ProtoMessage(String where) {
    this.where = where;
  }

  /**
   * Reads the fields of a message, without copying their bytes.
   *
   * @param where the file, for messages
   * @throws CheckpointException if the bytes are no message
   */
  static ProtoMessage read(String where, ByteBuffer bytes) throws CheckpointException {
    var message = new ProtoMessage(where);
    ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      long key = varint(where, in);
      long number = key >>> 3;
      if (number < 1 || number > Integer.MAX_VALUE) {
        throw damaged(where, "field number " + number);
      }
      message.fields.add(field(where, (int) number, (int) (key & 7), in));
    }
    return message;
  }

  private static Field field(String where, int number, int kind, ByteBuffer in)
      throws CheckpointException {
    return switch (kind) {
      case VARINT -> new Field(number, varint(where, in), null);
      case FIXED64 -> new Field(number, requireRoom(where, in, Long.BYTES).getLong(), null);
      case FIXED32 -> new Field(number, requireRoom(where, in, Integer.BYTES).getInt(), null);
      case LENGTH -> {
        long length = varint(where, in);
        requireRoom(where, in, length);
        ByteBuffer own = in.slice(in.position(), (int) length).order(ByteOrder.LITTLE_ENDIAN);
        in.position(in.position() + (int) length);
        yield new Field(number, 0, own);
      }
      default -> throw damaged(where, "wire type " + kind);
    };
  }

  /**
   * A number of seven bits a byte, the lowest first.
   *
   * @throws CheckpointException if it does not end
   */
  static long varint(String where, ByteBuffer in) throws CheckpointException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = requireRoom(where, in, 1).get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw damaged(where, "number without an end");
  }

  private static ByteBuffer requireRoom(String where, ByteBuffer in, long bytes)
      throws CheckpointException {
    if (bytes < 0 || bytes > in.remaining()) {
      throw damaged(where, "end after " + in.remaining() + " of " + bytes + " bytes");
    }
    return in;
  }

  private static CheckpointException damaged(String where, String what) {
    return new CheckpointException(
        where + ": message of Protocol Buffers expected, got " + what + "; is it damaged?");
  }

  /** A number, or {@code absent}; the last one counts, as everywhere in Protocol Buffers. */
  long number(int field, long absent) {
    long value = absent;
    for (Field each : fields) {
      if (each.number == field && each.bytes == null) {
        value = each.value;
      }
    }
    return value;
  }

  /** All numbers of a field, packed or one by one. */
  long[] numbers(int field) throws CheckpointException {
    List<Long> values = new ArrayList<>();
    for (Field each : fields) {
      ByteBuffer bytes = each.bytes;
      if (each.number == field && bytes == null) {
        values.add(each.value);
      } else if (each.number == field && bytes != null) {
        ByteBuffer packed = bytes.duplicate();
        while (packed.hasRemaining()) {
          values.add(varint(where, packed));
        }
      }
    }
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  /** The bytes of a field, or null. */
  @Nullable ByteBuffer bytes(int field) {
    List<ByteBuffer> all = all(field);
    return all.isEmpty() ? null : all.get(all.size() - 1);
  }

  /** The bytes of every field of this number, in their order. */
  List<ByteBuffer> all(int field) {
    List<ByteBuffer> all = new ArrayList<>();
    for (Field each : fields) {
      if (each.number == field && each.bytes != null) {
        all.add(each.bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN));
      }
    }
    return all;
  }

  /** The text of a field; empty if there is none. */
  String text(int field) {
    ByteBuffer found = bytes(field);
    return found == null ? "" : StandardCharsets.UTF_8.decode(found).toString();
  }

  /** The texts of every field of this number. */
  List<String> texts(int field) {
    return all(field).stream().map(each -> StandardCharsets.UTF_8.decode(each).toString()).toList();
  }
}
