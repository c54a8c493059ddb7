package io.github.blip2j.tensor;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;
import org.bytedeco.javacpp.indexer.Bfloat16Indexer;
import org.bytedeco.javacpp.indexer.ByteIndexer;
import org.bytedeco.javacpp.indexer.DoubleIndexer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.bytedeco.javacpp.indexer.HalfIndexer;
import org.bytedeco.javacpp.indexer.Indexer;
import org.bytedeco.javacpp.indexer.IntIndexer;
import org.bytedeco.javacpp.indexer.LongIndexer;
import org.bytedeco.javacpp.indexer.UByteIndexer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The crossing between tensors and ND4J arrays; no copy in either direction.
 *
 * <p>An ND4J array over foreign memory costs two to three microseconds, closes without freeing it,
 * and needs a typed pointer. JavaCPP can't make one from an address, and its conversions between
 * pointer types copy the position unscaled, so each type has a subclass that sets the address.
 */
final class Nd4jArrays {
  static {
    Natives.prepare();
  }

  private Nd4jArrays() {}

  /** A tensor over the array's memory, with the array's strides. */
  static Tensor wrap(INDArray array) {
    long address = array.data().addressPointer().address();
    Storage storage = Storage.wrap("of", address, array);
    Shape shape = Shape.of(array.shape());
    long[] strides = array.rank() == 0 ? new long[0] : array.stride();
    return new Tensor(storage, Layout.of(shape, strides), dtype(array.dataType()), null, null);
  }

  /** An array over the tensor's memory. */
  static INDArray view(Tensor tensor) {
    long[] strides = tensor.strides();
    long reach = 1; // elements from the first to the last, both included
    for (int i = 0; i < strides.length; i++) {
      reach += Math.max(0, tensor.dim(i) - 1) * strides[i];
    }
    if (tensor.size() == 0) {
      return Nd4j.empty(dataType(tensor.dtype()));
    }
    DataType type = dataType(tensor.dtype());
    DataBuffer buffer = buffer(tensor.address(), reach, tensor.dtype());
    if (strides.length == 0) {
      return Nd4j.create(buffer, new long[0], new long[0], 0, 'c', type);
    }
    return Nd4j.create(buffer, tensor.shape().toArray(), strides, 0, 'c', type);
  }

  /** A byte view of memory, at most 2 GiB of it. */
  static ByteBuffer bytes(long address, long count) {
    return new AtByte(address, count).asByteBuffer();
  }

  static DataType dataType(DType dtype) {
    return switch (dtype) {
      case FLOAT64 -> DataType.DOUBLE;
      case FLOAT32 -> DataType.FLOAT;
      case FLOAT16 -> DataType.FLOAT16;
      case BFLOAT16 -> DataType.BFLOAT16;
      case INT64 -> DataType.INT64;
      case INT32 -> DataType.INT32;
      case UINT8 -> DataType.UINT8;
      case BOOL -> DataType.BOOL;
    };
  }

  private static DType dtype(DataType type) {
    for (DType dtype : DType.values()) {
      if (dataType(dtype) == type) {
        return dtype;
      }
    }
    throw new IllegalArgumentException(
        "of: array type expected a floating type, INT64, INT32, UINT8 or BOOL, got " + type);
  }

  private static DataBuffer buffer(long address, long count, DType dtype) {
    Pointer pointer;
    Indexer indexer;
    switch (dtype) {
      case FLOAT64 -> {
        AtDouble at = new AtDouble(address, count);
        pointer = at;
        indexer = DoubleIndexer.create(at);
      }
      case FLOAT32 -> {
        AtFloat at = new AtFloat(address, count);
        pointer = at;
        indexer = FloatIndexer.create(at);
      }
      case FLOAT16, BFLOAT16 -> {
        AtShort at = new AtShort(address, count);
        pointer = at;
        indexer = dtype == DType.FLOAT16 ? HalfIndexer.create(at) : Bfloat16Indexer.create(at);
      }
      case INT64 -> {
        AtLong at = new AtLong(address, count);
        pointer = at;
        indexer = LongIndexer.create(at);
      }
      case INT32 -> {
        AtInt at = new AtInt(address, count);
        pointer = at;
        indexer = IntIndexer.create(at);
      }
      case UINT8, BOOL -> {
        AtByte at = new AtByte(address, count);
        pointer = at;
        indexer = dtype == DType.UINT8 ? UByteIndexer.create(at) : ByteIndexer.create(at);
      }
      default -> throw new AssertionError(dtype);
    }
    return Nd4j.createBuffer(pointer, dataType(dtype), count, indexer);
  }

  private static final class AtDouble extends DoublePointer {
    AtDouble(long at, long count) {
      super((Pointer) null);
      address = at;
      limit = count;
      capacity = count;
    }
  }

  private static final class AtFloat extends FloatPointer {
    AtFloat(long at, long count) {
      super((Pointer) null);
      address = at;
      limit = count;
      capacity = count;
    }
  }

  private static final class AtShort extends ShortPointer {
    AtShort(long at, long count) {
      super((Pointer) null);
      address = at;
      limit = count;
      capacity = count;
    }
  }

  private static final class AtLong extends LongPointer {
    AtLong(long at, long count) {
      super((Pointer) null);
      address = at;
      limit = count;
      capacity = count;
    }
  }

  private static final class AtInt extends IntPointer {
    AtInt(long at, long count) {
      super((Pointer) null);
      address = at;
      limit = count;
      capacity = count;
    }
  }

  private static final class AtByte extends BytePointer {
    AtByte(long at, long count) {
      super((Pointer) null);
      address = at;
      limit = count;
      capacity = count;
    }
  }
}
