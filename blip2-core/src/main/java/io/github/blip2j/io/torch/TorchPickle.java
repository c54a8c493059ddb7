package io.github.blip2j.io.torch;

import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The pickle, of protocol 2, of a dict of tensors. Each tensor has its own storage, whose key is
 * the tensor's index; {@link Pickle} explains the opcodes.
 */
final class TorchPickle {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /**
   * Writes the pickle.
   *
   * @param key the key of the tensors' dict in an enclosing dict, or null for no enclosing dict
   */
  TorchPickle(@Nullable String key, List<TensorSpec> tensors) {
    ops(0x80, 2);
    if (key != null) {
      ops('}');
      text(key);
    }
    ops('}', '(');
    for (int i = 0; i < tensors.size(); i++) {
      text(tensors.get(i).name());
      tensor(tensors.get(i), Integer.toString(i));
    }
    ops('u');
    if (key != null) {
      ops('s');
    }
    ops('.');
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  private void tensor(TensorSpec spec, String storage) {
    global("torch._utils", "_rebuild_tensor_v2");
    ops('(', '(');
    text("storage");
    global("torch", storageClass(spec.dtype()));
    text(storage);
    text("cpu");
    number(spec.shape().size());
    ops('t', 'Q', 'K', 0); // the storage, and offset 0
    numbers(spec.shape().toArray());
    numbers(strides(spec.shape()));
    ops(0x89); // no gradient
    global("collections", "OrderedDict"); // of hooks
    ops(')', 'R', 't', 'R');
  }

  private static String storageClass(DType type) {
    return switch (type) {
      case FLOAT64 -> "DoubleStorage";
      case FLOAT32 -> "FloatStorage";
      case FLOAT16 -> "HalfStorage";
      case BFLOAT16 -> "BFloat16Storage";
      case INT64 -> "LongStorage";
      case INT32 -> "IntStorage";
      case UINT8 -> "ByteStorage";
      case INT8 -> "CharStorage";
      case BOOL -> "BoolStorage";
    };
  }

  private static long[] strides(Shape shape) {
    long[] strides = shape.toArray();
    long stride = 1;
    for (int axis = strides.length - 1; axis >= 0; axis--) {
      long length = strides[axis];
      strides[axis] = stride;
      stride *= Math.max(1, length);
    }
    return strides;
  }

  private void numbers(long[] numbers) {
    ops('(');
    for (long number : numbers) {
      number(number);
    }
    ops('t');
  }

  private void number(long number) {
    if (number <= Integer.MAX_VALUE) {
      ops('J');
      out.writeBytes(little(4).putInt(0, (int) number).array());
    } else {
      ops(0x8a, Long.BYTES);
      out.writeBytes(little(8).putLong(0, number).array());
    }
  }

  private void text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ops('X');
    out.writeBytes(little(4).putInt(0, bytes.length).array());
    out.writeBytes(bytes);
  }

  private void global(String module, String name) {
    ops('c');
    out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private void ops(int... bytes) {
    for (int each : bytes) {
      out.write(each);
    }
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
