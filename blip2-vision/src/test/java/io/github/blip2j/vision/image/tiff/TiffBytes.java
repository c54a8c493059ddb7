package io.github.blip2j.vision.image.tiff;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** A TIFF file put together entry by entry: gray of 8 bits in one strip unless told otherwise. */
@SuppressWarnings("ByteBufferBackingArray") // its own, from their beginning
final class TiffBytes {
  private static final int SHORT = 3;
  private static final int LONG = 4;
  private static final int FIRST_STRIP = 8;

  private final ByteOrder order;
  private final byte[] strip;
  private final Map<Integer, int[]> shorts = new TreeMap<>();
  private final Map<Integer, int[]> longs = new TreeMap<>();
  private final Map<Integer, byte[]> bytes = new TreeMap<>();

  private TiffBytes(ByteOrder order, int width, int height, byte[] strip) {
    this.order = order;
    this.strip = strip;
    longs.put(Tags.IMAGE_WIDTH, new int[] {width});
    longs.put(Tags.IMAGE_LENGTH, new int[] {height});
    longs.put(Tags.STRIP_OFFSETS, new int[] {FIRST_STRIP});
    longs.put(Tags.STRIP_BYTE_COUNTS, new int[] {strip.length});
    shorts(Tags.BITS_PER_SAMPLE, 8);
    shorts(Tags.PHOTOMETRIC, 1);
  }

  static TiffBytes little(int width, int height, byte... strip) {
    return new TiffBytes(ByteOrder.LITTLE_ENDIAN, width, height, strip);
  }

  static TiffBytes big(int width, int height, byte... strip) {
    return new TiffBytes(ByteOrder.BIG_ENDIAN, width, height, strip);
  }

  TiffBytes shorts(int tag, int... values) {
    shorts.put(tag, values);
    return this;
  }

  TiffBytes longs(int tag, int... values) {
    longs.put(tag, values);
    return this;
  }

  TiffBytes text(int tag, String value) {
    bytes.put(tag, value.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  TiffBytes without(int tag) {
    longs.remove(tag);
    shorts.remove(tag);
    return this;
  }

  byte[] build() {
    Map<Integer, byte[]> values = new TreeMap<>(bytes);
    shorts.forEach((tag, numbers) -> values.put(tag, packed(numbers, 2)));
    longs.forEach((tag, numbers) -> values.put(tag, packed(numbers, 4)));
    int directory = FIRST_STRIP + strip.length + strip.length % 2;
    int beyond = directory + 2 + 12 * values.size() + 4;
    var head = buffer(beyond);
    head.put((byte) (order == ByteOrder.BIG_ENDIAN ? 'M' : 'I')).put(head.get(0));
    head.putShort((short) 42).putInt(directory).put(strip).position(directory);
    head.putShort((short) values.size());
    var tail = new ByteArrayOutputStream();
    values.forEach(
        (tag, value) -> {
          int type = bytes.containsKey(tag) ? 1 : shorts.containsKey(tag) ? SHORT : LONG;
          int unit = type == 1 ? 1 : type == SHORT ? 2 : 4;
          head.putShort((short) (int) tag).putShort((short) type).putInt(value.length / unit);
          if (value.length > 4) {
            head.putInt(beyond + tail.size());
            tail.writeBytes(value);
          } else {
            head.put(value).position(head.position() + 4 - value.length);
          }
        });
    var file = new ByteArrayOutputStream();
    file.writeBytes(head.array());
    file.writeBytes(tail.toByteArray());
    return file.toByteArray();
  }

  private byte[] packed(int[] numbers, int unit) {
    var packed = buffer(numbers.length * unit);
    for (int number : numbers) {
      if (unit == 2) {
        packed.putShort((short) number);
      } else {
        packed.putInt(number);
      }
    }
    return packed.array();
  }

  private ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(order);
  }
}
