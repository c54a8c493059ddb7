package io.github.blip2j.tensor;

import static io.github.blip2j.backend.Samples.counting;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

@ExtendWith(InScope.class)
final class TensorTest {
  @Test
  void of_arrays_roundTrip() {
    assertArrayEquals(new float[] {1, -2.5f}, Tensor.of(new float[] {1, -2.5f}, 2).toFloats());
    assertArrayEquals(
        new double[] {1, Math.PI}, Tensor.of(new double[] {1, Math.PI}, 2).toDoubles());
    long[] big = {Long.MIN_VALUE, (1L << 53) + 1, 3};
    assertArrayEquals(big, Tensor.of(big, 3, 1).toLongs());
    assertArrayEquals(new long[] {5, 7}, Tensor.ids(5, 7).toLongs());
    assertEquals(4, Tensor.of(new float[] {4}).item());
    assertEquals(Shape.of(), Tensor.of(new float[] {4}).shape());
    assertArrayEquals(new float[] {2, 2}, Tensor.full(DType.FLOAT32, 2, 1, 2).toFloats());
    assertArrayEquals(new long[] {0, 0}, Tensor.zeros(DType.INT64, 2).toLongs());
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void fullAndRead_everyType_readsBackAsNumbers(DType type) throws IOException {
    double[] ones = {1, 1, 1};
    Tensor full = Tensor.full(type, 1, 3);
    var bytes = new ByteArrayOutputStream();
    full.write(chunk -> bytes.write(array(chunk)));
    ByteBuffer stored = ByteBuffer.wrap(bytes.toByteArray());

    Tensor read =
        Tensor.read("weight", type, Shape.of(3), (from, into) -> into.put(stored.slice()));

    assertEquals(3 * type.byteSize(), bytes.size());
    assertEquals(type, read.dtype());
    assertArrayEquals(ones, full.toDoubles());
    assertArrayEquals(ones, read.toDoubles());
    if (type.isFloating()) {
      var e = assertThrows(IllegalArgumentException.class, read::toLongs);
      assertEquals(
          "toLongs: type expected integers, got " + type + "; use toDoubles", e.getMessage());
    } else {
      assertArrayEquals(new long[] {1, 1, 1}, read.toLongs());
    }
  }

  private static byte[] array(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  @Test
  void write_view_writesDenseLittleEndian() throws IOException {
    var bytes = new ByteArrayOutputStream();
    counting(2, 3).transpose().write(chunk -> bytes.write(array(chunk)));

    var floats = ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);

    for (float expected : new float[] {0, 3, 1, 4, 2, 5}) {
      assertEquals(expected, floats.getFloat());
    }
  }

  @Test
  void read_sourceTooShort_namesTheTensor() {
    var e =
        assertThrows(
            IOException.class,
            () ->
                Tensor.read(
                    "head.weight",
                    DType.FLOAT32,
                    Shape.of(3),
                    (from, into) -> into.putFloat(1).putFloat(2)));

    assertEquals("head.weight: expected 12 bytes, got 8", e.getMessage());
  }

  @Test
  void to_narrowTypes_roundsToNearestEven() {
    Tensor x = Tensor.of(new float[] {1 + 1f / 256, 1 + 3f / 256, -65504, 1e-3f}, 4);

    double[] bfloat = x.to(DType.BFLOAT16).toDoubles();
    double[] half = x.to(DType.FLOAT16).toDoubles();

    assertArrayEquals(new double[] {1, 1 + 4.0 / 256}, Arrays.copyOf(bfloat, 2));
    assertEquals(-65504, half[2]);
    assertEquals(1e-3, half[3], 5e-7);
  }

  @Test
  void reshape_permutedView_copiesInTheNewOrder() {
    Tensor x = counting(2, 3, 4);

    Tensor moved = x.permute(1, 0, 2).reshape(3, 8);

    float[] expected = new float[24];
    for (int i = 0; i < 24; i++) {
      expected[i] = i / 4 % 2 * 12 + i / 8 * 4 + i % 4;
    }
    assertArrayEquals(expected, moved.toFloats());
    moved.scaleInPlace(0);
    assertEquals(23, x.toFloats()[23]);
  }

  @Test
  void reshape_dense_sharesMemory() {
    Tensor x = counting(2, 6);

    assertEquals(x.address(), x.reshape(-1, 3).address());
    assertEquals(Shape.of(4, 3), x.reshape(-1, 3).shape());
    assertEquals(Shape.of(2, 1, 6), x.reshape(2, 1, -1).shape());
  }

  @Test
  void isDense_axesOfLengthOne_doNotMatter() {
    Tensor x = counting(1, 5, 4);

    assertTrue(x.transpose(0, 1).isDense());
    assertTrue(x.narrow(1, 2, 2).isDense());
    assertFalse(x.transpose().isDense());
    assertFalse(x.narrow(2, 0, 2).isDense());
    assertTrue(x.narrow(1, 3, 1).narrow(2, 1, 2).isDense());
    assertEquals(x.address(), x.permute(1, 0, 2).reshape(5, 4).address());
    assertArrayEquals(x.toFloats(), x.transpose(0, 1).add(0).toFloats());
  }

  @Test
  void views_ofViews_addressTheRightElements() {
    Tensor x = counting(2, 3, 4);

    assertArrayEquals(
        new float[] {17, 21}, x.select(0, 1).select(-1, 1).narrow(0, 1, 2).toFloats());
    assertArrayEquals(new float[] {6, 18}, x.transpose(0, 2).select(0, 2).select(0, 1).toFloats());
    assertEquals(x.address() + 4 * 17, x.select(0, 1).select(-1, 1).narrow(0, 1, 2).address());
    assertArrayEquals(new long[] {1, 4, 12}, x.permute(2, 1, 0).strides());
    assertArrayEquals(
        new float[] {1, 1, 2, 2}, Tensor.of(new float[] {1, 2}, 2, 1).expand(2, 2).toFloats());
  }

  @Test
  void inPlace_onView_changesThatPartOnly() {
    Tensor x = counting(2, 3);

    x.transpose().narrow(0, 1, 1).scaleInPlace(10);
    x.narrow(1, 0, 1).addInPlace(Tensor.of(new float[] {100, 200}, 2, 1));
    x.select(1, 2).copyInPlace(Tensor.of(new double[] {-1, -2}, 2));

    assertArrayEquals(new float[] {100, 10, -1, 203, 40, -2}, x.toFloats());
  }

  @Test
  void copy_sharesNothing() {
    Tensor x = counting(3);
    Tensor copy = x.copy();

    x.scaleInPlace(0);

    assertArrayEquals(new float[] {0, 1, 2}, copy.toFloats());
  }

  @Test
  void empty_commonOperations_giveEmptyOrZero() {
    Tensor x = Tensor.zeros(DType.FLOAT32, 0, 4);
    Tensor row = counting(4);

    for (Tensor y :
        List.of(
            x.add(row),
            x.mul(2),
            x.exp(),
            x.activate(Activation.GELU),
            x.softmax(),
            x.logSoftmax(),
            x.layerNorm(row, row, 1e-5),
            x.rmsNorm(row, 1e-5),
            x.copy(),
            x.to(DType.FLOAT64),
            x.expand(0, 4),
            x.narrow(1, 0, 4),
            counting(3, 4).narrow(0, 3, 0))) {
      assertEquals(Shape.of(0, 4), y.shape());
      assertEquals(0, y.toFloats().length);
    }
    assertEquals(Shape.of(4, 0), x.transpose().copy().shape());
    assertEquals(Shape.of(2, 0), x.reshape(2, 0).shape());
    assertEquals(Shape.of(0, 5), x.linear(counting(5, 4), null).shape());
    assertEquals(Shape.of(0, 4), counting(9, 4).gather(Tensor.ids()).shape());
    assertEquals(0, x.sum().item());
    assertArrayEquals(new float[4], x.sum(0).toFloats());
    assertEquals(0, x.sum(1).size());
    assertArrayEquals(new float[6], x.transpose().sum(1).narrow(0, 0, 1).expand(6).toFloats());
    assertArrayEquals(
        new float[4], x.transpose().matmul(Tensor.zeros(DType.FLOAT32, 0, 1)).toFloats());
    assertArrayEquals(row.toFloats(), Tensor.concat(0, List.of(x, row.reshape(1, 4))).toFloats());
  }

  @Test
  void softmax_anyAxisThroughTranspose_sumsToOne() {
    Tensor x = counting(2, 3, 4, 5).mul(0.1);
    for (int axis = 0; axis < 4; axis++) {
      Tensor y = x.transpose(axis, -1).softmax().transpose(axis, -1);
      for (float sum : y.sum(axis).toFloats()) {
        assertEquals(1, sum, 1e-6);
      }
    }
  }

  @Test
  void mean_manyEqualNumbers_isTheNumber() {
    assertEquals(0.1, Tensor.full(DType.FLOAT32, 0.1, 1000, 1000).mean().item(), 1e-6);
  }

  @Test
  void indArray_wrapped_sharesMemoryAndStrides() {
    INDArray array = Nd4j.arange(12).castTo(DataType.FLOAT).reshape(3, 4);
    INDArray fortran = array.dup('f');

    Tensor view = Tensor.of(array.get(NDArrayIndex.point(1)));
    Tensor wrapped = Tensor.of(array);

    assertArrayEquals(new float[] {4, 5, 6, 7}, view.toFloats());
    assertArrayEquals(wrapped.toFloats(), Tensor.of(fortran).toFloats());
    assertArrayEquals(new long[] {1, 3}, Tensor.of(fortran).strides());
    assertArrayEquals(new float[] {4, 0, 1, 2, 3}, joined(array.permute(1, 0)));
    wrapped.scaleInPlace(2);
    assertEquals(22, array.getFloat(2, 3));
  }

  private static float[] joined(INDArray transposed) {
    Tensor x = Tensor.of(transposed);
    float[] first = x.select(1, 0).toFloats();
    return new float[] {x.dim(0), first[0], first[1], first[2], first[3]};
  }

  @Test
  void toIndArray_ofView_isAnIndependentCopy() {
    Tensor x = counting(2, 3);
    INDArray array;
    try (var inner = Scope.open()) {
      array = x.transpose().toINDArray();
    }

    x.scaleInPlace(0);

    assertArrayEquals(new long[] {3, 2}, array.shape());
    assertEquals(4, array.getFloat(1, 1));
    array.close();
  }

  @Test
  void toString_namesTypeShapeAndOperation() {
    assertEquals("FLOAT32 [2, 3] from add", counting(2, 3).add(counting(3)).toString());
  }
}
