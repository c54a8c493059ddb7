package io.github.blip2j.io.tensor;

import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Statistics of a tensor. NaN elements are counted and otherwise left out; infinities are included.
 *
 * @param count all elements, NaN included
 * @param nans NaN elements
 * @param sum the sum in float64; booleans count as 0 and 1
 * @param min the minimum, NaN if there are no other elements; integers beyond 2^53 are rounded
 * @param max the maximum, with the same rules
 */
public record TensorSummary(long count, long nans, double sum, double min, double max) {
  private static final int PART_BYTES = 1 << 20; // a multiple of every element's size

  /** Reads bytes of the tensor from an offset on. */
  public interface Source {
    void read(long byteOffset, ByteBuffer into) throws IOException;
  }

  /** The mean of the elements that are not NaN; NaN if there are none. */
  public double mean() {
    return sum / (count - nans);
  }

  public static TensorSummary of(TensorEntry entry, Source source) throws IOException {
    Decoder decoder = reader(entry);
    int element = TensorEntry.bits(entry.dtypeName()) / Byte.SIZE;
    ByteBuffer part =
        ByteBuffer.allocateDirect((int) Math.min(PART_BYTES, Math.max(1, entry.byteSize())))
            .order(ByteOrder.LITTLE_ENDIAN);
    var total = new Running();
    for (long at = 0; at < entry.byteSize(); at += part.limit()) {
      part.clear().limit((int) Math.min(part.capacity(), entry.byteSize() - at));
      source.read(at, part);
      part.flip();
      var sums = new Running(); // of one part first, to lose less to rounding
      for (int i = 0; i < part.limit(); i += element) {
        sums.add(decoder.at(part, i));
      }
      total.add(sums);
    }
    return total.summary(entry.byteSize() / element);
  }

  /** One element at an index in bytes, little-endian. */
  interface Decoder {
    double at(ByteBuffer bytes, int index);
  }

  /** Whether a type, as safetensors spells it, can be summed. */
  static boolean isOf(String dtypeName) {
    return find(dtypeName) != null;
  }

  /**
   * A reader of elements of the tensor's type.
   *
   * @throws CheckpointException if its elements are complex, packed or none
   */
  static Decoder reader(TensorEntry entry) throws CheckpointException {
    @Nullable Decoder decoder = find(entry.dtypeName());
    if (decoder == null) {
      entry.dtype(); // rejects unreadable types
      throw new AssertionError(entry.dtypeName());
    }
    return decoder;
  }

  private static @Nullable Decoder find(String dtypeName) {
    return switch (dtypeName) {
      case "F64" -> ByteBuffer::getDouble;
      case "F32" -> ByteBuffer::getFloat;
      case "F16" -> (bytes, i) -> small(bytes.getShort(i) & 0xffff, 5, 10);
      case "BF16" -> (bytes, i) -> Float.intBitsToFloat(bytes.getShort(i) << 16);
      case "F8_E5M2" -> (bytes, i) -> small(bytes.get(i) & 0xff, 5, 2);
      case "F8_E4M3" -> (bytes, i) -> e4m3(bytes.get(i) & 0xff);
      case "I64" -> ByteBuffer::getLong;
      case "I32" -> ByteBuffer::getInt;
      case "I16" -> ByteBuffer::getShort;
      case "I8" -> ByteBuffer::get;
      case "U8" -> (bytes, i) -> bytes.get(i) & 0xff;
      case "U16" -> (bytes, i) -> bytes.getShort(i) & 0xffff;
      case "U32" -> (bytes, i) -> bytes.getInt(i) & 0xffffffffL;
      case "U64" -> (bytes, i) -> unsigned(bytes.getLong(i));
      case "BOOL" -> (bytes, i) -> bytes.get(i) == 0 ? 0 : 1;
      default -> null;
    };
  }

  private static double unsigned(long value) {
    // Halved, with the last bit kept for rounding, it fits.
    return value >= 0 ? value : ((value >>> 1) | (value & 1)) * 2.0;
  }

  /** A number in an IEEE 754 format with the sign before the exponent. */
  private static double small(int bits, int exponentBits, int fractionBits) {
    int exponent = (bits >> fractionBits) & ((1 << exponentBits) - 1);
    int fraction = bits & ((1 << fractionBits) - 1);
    double sign = bits >> (exponentBits + fractionBits) == 0 ? 1 : -1;
    int bias = (1 << (exponentBits - 1)) - 1;
    if (exponent == (1 << exponentBits) - 1) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return exponent == 0
        ? sign * Math.scalb((double) fraction, 1 - bias - fractionBits)
        : sign
            * Math.scalb((double) (fraction | (1 << fractionBits)), exponent - bias - fractionBits);
  }

  /** A number of 8 bits without infinities (Micikevicius et al. 2022, section 3). */
  private static double e4m3(int bits) {
    if ((bits & 0x7f) == 0x7f) {
      return Double.NaN;
    }
    boolean top = ((bits >> 3) & 15) == 15; // an exponent like any other here
    return top ? small(bits & ~0x40, 4, 3) * 256 : small(bits, 4, 3);
  }

  private static final class Running {
    private long nans;
    private double sum;
    private double min = Double.POSITIVE_INFINITY;
    private double max = Double.NEGATIVE_INFINITY;

    void add(double value) {
      if (Double.isNaN(value)) {
        nans++;
      } else {
        sum += value;
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
    }

    void add(Running other) {
      nans += other.nans;
      sum += other.sum;
      min = Math.min(min, other.min);
      max = Math.max(max, other.max);
    }

    TensorSummary summary(long count) {
      boolean none = nans == count;
      return new TensorSummary(count, nans, sum, none ? Double.NaN : min, none ? Double.NaN : max);
    }
  }
}
