package io.github.blip2j.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.onednn.primitive.CastKernels;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Conversions in Java, as on a CPU without AVX-512. */
@ExtendWith(InScope.class)
final class CastKernelsTest {
  private final Kernels kernels = new OneDnnKernels(Cpus.AVX2);

  @Test
  void round_bits_nearestAndOfTwoTheEvenOne() {
    int[] wholes = {
      0x3f808000, 0x3f818000, 0x3f808001, 0x3f807fff, 0x7f7fffff, 0x7f800000, 0xff800000, 0x80000000
    };
    int[] expected = {0x3f80, 0x3f82, 0x3f81, 0x3f80, 0x7f80, 0x7f80, 0xff80, 0x8000};
    short[] halves = new short[wholes.length];

    CastKernels.round(wholes, halves, wholes.length);

    for (int i = 0; i < wholes.length; i++) {
      assertEquals(expected[i], halves[i] & 0xffff, Integer.toHexString(wholes[i]));
    }
  }

  @Test
  void round_noNumber_staysNone() {
    int[] wholes = {0x7f800001, 0x7fffffff, 0xffffffff};
    short[] halves = new short[3];

    CastKernels.round(wholes, halves, 3);

    for (short half : halves) {
      assertEquals(Float.NaN, Float.intBitsToFloat(half << Short.SIZE));
    }
  }

  /** More than a block and more than a thread's part, dense and turned over, on either side. */
  @Test
  void copy_everyLayout_castsAndMoves() {
    int M = 700;
    int N = 801;
    float[] values = new float[M * N];
    float[] turned = new float[M * N];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 251 - 125; // exact in eight bits
      turned[i % N * M + i / N] = values[i];
    }
    Tensor wide = Tensor.of(values, M, N);
    Tensor narrow = copied(wide, DType.BFLOAT16);

    assertArrayEquals(values, copied(narrow, DType.FLOAT32).toFloats());
    for (Tensor source : new Tensor[] {wide, narrow}) {
      for (DType type : new DType[] {DType.FLOAT32, DType.BFLOAT16}) {
        Tensor dense = copied(source.transpose(0, 1), type);
        assertArrayEquals(turned, copied(dense, DType.FLOAT32).toFloats());
        Tensor target = Tensor.uninitialized("test", type, Shape.of(N, M));
        kernels.copy(source, target.transpose(0, 1));
        assertArrayEquals(turned, copied(target, DType.FLOAT32).toFloats());
      }
    }
  }

  private Tensor copied(Tensor source, DType type) {
    Tensor target = Tensor.uninitialized("test", type, source.shape());
    kernels.copy(source, target);
    return target;
  }
}
