package io.github.blip2j.nn;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Writes a small checkpoint whose tensors count 0, 1, 2, ... in whatever type they are stored. */
final class StoredTensors {
  private final Path folder;
  private final List<TensorSpec> specs = new ArrayList<>();

  StoredTensors(Path folder) {
    this.folder = folder;
  }

  StoredTensors with(String name, DType type, long... shape) {
    specs.add(new TensorSpec(name, type, Shape.of(shape)));
    return this;
  }

  Checkpoint open() throws IOException {
    try (var writer = SafetensorsWriter.create(folder.resolve("model.safetensors"), specs)) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), counting(spec));
      }
    }
    return Checkpoint.open(folder);
  }

  /** {@code count} numbers from {@code first} on. */
  static double[] counting(int first, int count) {
    return IntStream.range(first, first + count).asDoubleStream().toArray();
  }

  private static ByteBuffer counting(TensorSpec spec) {
    int count = Math.toIntExact(spec.shape().size());
    ByteBuffer bytes =
        ByteBuffer.allocate(count * spec.dtype().byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      switch (spec.dtype()) {
        case FLOAT64 -> bytes.putDouble(i);
        case FLOAT32 -> bytes.putFloat(i);
        case BFLOAT16 -> bytes.putShort((short) (Float.floatToIntBits(i) >> 16));
        case FLOAT16 -> bytes.putShort(half(i));
        case INT64 -> bytes.putLong(i);
        case INT32 -> bytes.putInt(i);
        case UINT8, INT8, BOOL -> bytes.put((byte) i);
      }
    }
    return bytes.flip();
  }

  /** Whole numbers below 2048, which half precision holds exactly. */
  private static short half(int value) {
    if (value == 0) {
      return 0;
    }
    int exponent = 31 - Integer.numberOfLeadingZeros(value);
    int fraction = (value << (10 - exponent)) & 0x3ff;
    return (short) ((exponent + 15) << 10 | fraction);
  }
}
