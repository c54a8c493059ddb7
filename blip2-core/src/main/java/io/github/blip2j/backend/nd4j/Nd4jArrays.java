package io.github.blip2j.backend.nd4j;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.HostMemory;
import io.github.blip2j.backend.Layout;
import io.github.blip2j.backend.Natives;
import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.function.Function;
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
 * Conversion between tensors and ND4J arrays, without copies.
 *
 * <p>An ND4J array over foreign memory costs two to three microseconds, closes without freeing it,
 * and needs a typed pointer. JavaCPP makes no pointer from an address, but converts between pointer
 * types, copying address and count unscaled; the count here is therefore in elements of the new
 * type.
 */
public final class Nd4jArrays {
  static {
    Natives.prepare();
  }

  private Nd4jArrays() {}

  /** A tensor of a backend on the host, on the array's memory, with the array's strides. */
  public static RawTensor wrap(Backend backend, INDArray array) {
    long address = array.data().addressPointer().address();
    long[] strides = array.rank() == 0 ? new long[0] : array.stride();
    Layout layout = Layout.of(Shape.of(array.shape()), strides);
    return PlainTensor.wrap(backend, address, dtype(array.dataType()), layout, array);
  }

  /** A dense array with these bytes, in the machine's order, that the caller owns. */
  public static INDArray copyOf(RawTensor dense) {
    INDArray array =
        Nd4j.createUninitialized(dataType(dense.dtype()), dense.shape().toArray(), 'c');
    if (dense.size() > 0) {
      HostMemory.copy(dense, wrap(Backend.of("nd4j"), array));
    }
    return array;
  }

  /**
   * The array on the tensor's memory, made once for each tensor.
   *
   * @throws IllegalStateException if this is on the memory of a device
   */
  public static INDArray of(RawTensor tensor) {
    tensor.hostAddress(); // throws after release
    return tensor.counterpart(INDArray.class, Nd4jArrays::view);
  }

  private static INDArray view(RawTensor tensor) {
    long[] strides = tensor.strides();
    long reach = 1; // elements from the first to the last, inclusive
    for (int i = 0; i < strides.length; i++) {
      reach += Math.max(0, tensor.dim(i) - 1) * strides[i];
    }
    if (tensor.size() == 0) {
      return Nd4j.empty(dataType(tensor.dtype()));
    }
    DataType type = dataType(tensor.dtype());
    DataBuffer buffer = buffer(tensor.hostAddress(), reach, tensor.dtype());
    if (strides.length == 0) {
      return Nd4j.create(buffer, new long[0], new long[0], 0, 'c', type);
    }
    return Nd4j.create(buffer, tensor.shape().toArray(), strides, 0, 'c', type);
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
      case INT8 -> DataType.INT8;
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
        "of: array type expected a floating type, INT64, INT32, UINT8, INT8 or BOOL, got " + type);
  }

  private static DataBuffer buffer(long address, long count, DType dtype) {
    Place at = new Place(address, count);
    return switch (dtype) {
      case FLOAT64 -> buffer(new DoublePointer(at), DoubleIndexer::create, dtype);
      case FLOAT32 -> buffer(new FloatPointer(at), FloatIndexer::create, dtype);
      case FLOAT16 -> buffer(new ShortPointer(at), HalfIndexer::create, dtype);
      case BFLOAT16 -> buffer(new ShortPointer(at), Bfloat16Indexer::create, dtype);
      case INT64 -> buffer(new LongPointer(at), LongIndexer::create, dtype);
      case INT32 -> buffer(new IntPointer(at), IntIndexer::create, dtype);
      case UINT8 -> buffer(new BytePointer(at), UByteIndexer::create, dtype);
      case INT8, BOOL -> buffer(new BytePointer(at), ByteIndexer::create, dtype);
    };
  }

  private static <P extends Pointer> DataBuffer buffer(
      P pointer, Function<P, Indexer> indexer, DType dtype) {
    return Nd4j.createBuffer(pointer, dataType(dtype), pointer.capacity(), indexer.apply(pointer));
  }

  /** An address and a number of elements, for a typed pointer to copy. */
  private static final class Place extends Pointer {
    Place(long at, long count) {
      super((Pointer) null);
      address = at;
      limit = count;
      capacity = count;
    }
  }
}
