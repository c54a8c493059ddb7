package io.github.blip2j.io.tensor;

import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A file whose quantized weights read as float32. Such a weight has bytes, of type {@code I8} or
 * {@code F8_E4M3}, and beside it {@code NAME_scale} and perhaps {@code NAME_zero_point}, as
 * compressed-tensors' formats int-quantized, float-quantized and naive-quantized store them: a
 * value is {@code (byte - zero point) * scale}. There is a scale for the tensor, for each row, or
 * for each of several equal parts of every row. Scales and zero points, and those of activations
 * ({@code input_scale}), are not listed.
 */
public final class DequantizedFile implements TensorFile {
  private static final int PART = 1 << 15; // elements

  /** How a weight is stored. The scales are read when the weight is. */
  private record Stored(TensorEntry bytes, TensorEntry scale, @Nullable TensorEntry zeroPoint) {
    /** Elements in a row that share a scale. */
    long run() {
      return bytes.shape().size() / scale.shape().size();
    }
  }

  private final TensorFile file;
  private final Map<String, Stored> stored;
  private final NavigableMap<String, TensorEntry> tensors;

  private DequantizedFile(
      TensorFile file, Map<String, Stored> stored, NavigableMap<String, TensorEntry> tensors) {
    this.file = file;
    this.stored = stored;
    this.tensors = Collections.unmodifiableNavigableMap(tensors);
  }

  /** The file as it is if it has no quantized weight. The result owns it. */
  public static TensorFile of(TensorFile file) throws IOException {
    NavigableMap<String, TensorEntry> all = file.tensors();
    Map<String, Stored> stored = new HashMap<>();
    NavigableMap<String, TensorEntry> shown = new TreeMap<>(all);
    for (TensorEntry bytes : all.values()) {
      @Nullable TensorEntry scale = all.get(bytes.name() + "_scale");
      if (scale == null || !isQuantized(bytes)) {
        continue;
      }
      @Nullable TensorEntry zeroPoint = all.get(bytes.name() + "_zero_point");
      requireScales(bytes, scale);
      if (zeroPoint != null) {
        requireZeroPoints(bytes, scale, zeroPoint);
      }
      stored.put(bytes.name(), new Stored(bytes, scale, zeroPoint));
      shown.put(bytes.name(), asFloats(bytes));
      shown.remove(scale.name());
      shown.remove(bytes.name() + "_zero_point");
      String module = bytes.name().substring(0, bytes.name().lastIndexOf('.') + 1);
      for (String activation : new String[] {"input", "output"}) {
        shown.remove(module + activation + "_scale");
        shown.remove(module + activation + "_zero_point");
      }
    }
    return stored.isEmpty() ? file : new DequantizedFile(file, stored, shown);
  }

  private static boolean isQuantized(TensorEntry entry) {
    return entry.dtypeName().equals("I8") || entry.dtypeName().equals("F8_E4M3");
  }

  private static TensorEntry asFloats(TensorEntry bytes) {
    return new TensorEntry(
        bytes.name(),
        bytes.fileName(),
        "F32",
        bytes.shape(),
        bytes.begin(),
        bytes.byteSize() * Float.BYTES);
  }

  /** Checks that the scales divide the rows. */
  private static void requireScales(TensorEntry bytes, TensorEntry scale)
      throws CheckpointException {
    long count = scale.shape().size();
    long rows = bytes.shape().rank() == 0 ? 1 : bytes.shape().dim(0);
    boolean whole = count == 1;
    boolean ofRows =
        rows > 0
            && count % rows == 0
            && count > 0
            && bytes.shape().size() % count == 0
            && (scale.shape().rank() == 1 || scale.shape().dim(0) == rows);
    if (!TensorEntry.isFloating(scale.dtypeName()) || !(whole || ofRows)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected a floating-point scale for %s as a whole or for equal parts of its"
                  + " %d rows, got %s %s; save the model without quantization",
              bytes.fileName(),
              scale.name(),
              bytes.name(),
              rows,
              scale.dtypeName(),
              scale.shape()));
    }
  }

  private static void requireZeroPoints(TensorEntry bytes, TensorEntry scale, TensorEntry point)
      throws CheckpointException {
    if (!point.dtypeName().equals(bytes.dtypeName()) || !point.shape().equals(scale.shape())) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected %s %s, one for each scale, got %s %s; save the model without"
                  + " quantization",
              bytes.fileName(),
              point.name(),
              bytes.dtypeName(),
              scale.shape(),
              point.dtypeName(),
              point.shape()));
    }
  }

  @Override
  public NavigableMap<String, TensorEntry> tensors() {
    return tensors;
  }

  @Override
  public String storedType(String name) throws CheckpointException {
    @Nullable Stored weight = stored.get(name);
    return weight == null ? file.storedType(name) : weight.bytes.dtypeName();
  }

  @Override
  public Map<String, String> metadata() {
    return file.metadata();
  }

  @Override
  public NavigableMap<String, String> passedOver() {
    return file.passedOver();
  }

  @Override
  public String name() {
    return file.name();
  }

  /**
   * @throws CheckpointException if a scale of the part is not a positive number; it may be 0 for
   *     values that are 0
   */
  @Override
  public void readStored(TensorEntry entry, long byteOffset, ByteBuffer into) throws IOException {
    @Nullable Stored weight = stored.get(entry.name());
    if (weight == null) {
      file.readStored(entry, byteOffset, into);
      return;
    }
    long at = byteOffset;
    while (into.hasRemaining()) {
      long element = at / Float.BYTES;
      int from = (int) (at % Float.BYTES); // whole elements are computed
      int wanted = (into.remaining() + from + Float.BYTES - 1) / Float.BYTES;
      ByteBuffer floats = floats(weight, element, Math.min(PART, wanted));
      int count = Math.min(floats.limit() - from, into.remaining());
      into.put(into.position(), floats, from, count).position(into.position() + count);
      at += count;
    }
  }

  /** Elements of a weight from {@code first} on. */
  private ByteBuffer floats(Stored weight, long first, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    file.readStored(weight.bytes, first, bytes);
    var values = TensorSummary.reader(weight.bytes);
    long run = weight.run();
    long firstScale = first / run;
    int scaleCount = (int) ((first + count - 1) / run - firstScale + 1);
    double[] scales = numbers(weight.scale, firstScale, scaleCount);
    double[] points =
        weight.zeroPoint == null
            ? new double[scaleCount]
            : numbers(weight.zeroPoint, firstScale, scaleCount);
    ByteBuffer floats = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      int part = (int) ((first + i) / run - firstScale);
      float value = (float) (values.at(bytes, i) - points[part]);
      float scale = (float) scales[part];
      // Quantizers may write 0 for a row of zeros. Anything else that is not positive is damage.
      if (!((scale > 0 && scale < Float.POSITIVE_INFINITY) || (scale == 0 && value == 0))) {
        throw badScale(weight.scale, firstScale + part, scale);
      }
      floats.putFloat(i * Float.BYTES, value * scale);
    }
    return floats;
  }

  private static CheckpointException badScale(TensorEntry entry, long at, float scale) {
    return new CheckpointException(
        String.format(
            Locale.ROOT,
            "%s: %s expected finite scales above 0, got %s at %d; copy the file again, or quantize"
                + " the model anew",
            entry.fileName(),
            entry.name(),
            scale,
            at));
  }

  /** Numbers of a small tensor from {@code first} on. */
  private double[] numbers(TensorEntry entry, long first, int count) throws IOException {
    int element = TensorEntry.bits(entry.dtypeName()) / Byte.SIZE;
    ByteBuffer bytes = ByteBuffer.allocate(count * element).order(ByteOrder.LITTLE_ENDIAN);
    file.readStored(entry, first * element, bytes);
    var reader = TensorSummary.reader(entry);
    double[] numbers = new double[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = reader.at(bytes, i * element);
    }
    return numbers;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
