package io.github.blip2j.distributed;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Numbers as bytes that ranks send each other, equal to the bit. */
public final class RankBytes {
  private RankBytes() {}

  /** Numbers as bytes. */
  public static byte[] of(float[] numbers) {
    byte[] bytes = new byte[Math.multiplyExact(numbers.length, Float.BYTES)];
    littleEndian(bytes).asFloatBuffer().put(numbers);
    return bytes;
  }

  /** The numbers in bytes. */
  public static float[] floats(byte[] bytes) {
    float[] numbers = new float[bytes.length / Float.BYTES];
    littleEndian(bytes).asFloatBuffer().get(numbers);
    return numbers;
  }

  /** Tensors of float32, with their shapes. */
  public static byte[] of(List<Tensor> tensors) throws IOException {
    long size = 0;
    for (Tensor each : tensors) {
      size += Integer.BYTES + (long) each.rank() * Long.BYTES + each.size() * Float.BYTES;
    }
    byte[] bytes = new byte[Math.toIntExact(size)];
    ByteBuffer all = littleEndian(bytes);
    for (Tensor each : tensors) {
      all.putInt(each.rank());
      for (long dim : each.shape().toArray()) {
        all.putLong(dim);
      }
      each.write(all::put);
    }
    return bytes;
  }

  /** The tensors in bytes, in the open scope. */
  public static List<Tensor> tensors(byte[] bytes) throws IOException {
    ByteBuffer all = littleEndian(bytes);
    List<Tensor> tensors = new ArrayList<>();
    while (all.hasRemaining()) {
      long[] dims = new long[all.getInt()];
      for (int i = 0; i < dims.length; i++) {
        dims[i] = all.getLong();
      }
      int begin = all.position();
      tensors.add(
          Tensor.read(
              "tensor of a rank",
              DType.FLOAT32,
              Shape.of(dims),
              (at, into) -> into.put(bytes, begin + Math.toIntExact(at), into.remaining())));
      all.position(begin + Math.toIntExact(Shape.of(dims).size() * Float.BYTES));
    }
    return tensors;
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
