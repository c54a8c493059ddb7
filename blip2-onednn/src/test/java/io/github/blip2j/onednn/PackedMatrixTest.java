package io.github.blip2j.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.github.blip2j.backend.Affine;
import io.github.blip2j.backend.Int8Weight;
import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Packed weights: what is read back, and what is multiplied. */
@ExtendWith(InScope.class)
final class PackedMatrixTest {
  private final Random random = new Random(7);
  private final Kernels kernels = new OneDnnKernels(Cpus.here());
  private final Kernels shortRegisters = new OneDnnKernels(Cpus.AVX2);

  @ParameterizedTest
  @EnumSource(Precision.class)
  void unpack_rowsAndWhole_giveTheWeight(Precision precision) {
    float[] values = normal(70 * 130, 1);
    Tensor weight = Tensor.of(values, 70, 130);

    assertUnpacked(values, pack(kernels, weight, precision), precision);
    assertUnpacked(values, pack(shortRegisters, weight, precision), precision);
  }

  private static void assertUnpacked(float[] values, Tensor weight, Precision precision) {
    PackedWeight packed = weight.packing();
    if (packed == null) {
      assertArrayEquals(values, weight.toFloats());
      return;
    }
    Tensor whole = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(70, 130));
    packed.unpack(0, whole);
    Tensor some = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(3, 130));
    packed.unpack(66, some);

    float step = precision == Precision.FLOAT32 ? 0 : precision == Precision.BFLOAT16 ? 4e-3f : 1;
    float[] read = whole.toFloats();
    for (int i = 0; i < values.length; i++) {
      float allowed = precision == Precision.INT8 ? 0.02f : step * Math.abs(values[i]);
      assertEquals(values[i], read[i], allowed, "element " + i);
    }
    float[] rows = some.toFloats();
    for (int i = 0; i < rows.length; i++) {
      assertEquals(read[66 * 130 + i], rows[i], "element " + i + " of row 66");
    }
  }

  /** Loops where oneDNN has no kernel: blocks that are full and such that are not, each type. */
  @ParameterizedTest
  @CsvSource({"72,130", "64,64", "8,3", "200,17", "520,256"})
  void pack_shortRegisters_storesTheSameNumbers(int N, int K) {
    Tensor weight = Tensor.of(normal(N * K, 1), N, K);
    for (Tensor source : List.of(weight, weight.to(DType.BFLOAT16), weight.to(DType.FLOAT16))) {
      PackedWeight packed =
          shortRegisters.pack(source, Precision.BFLOAT16, PackedWeight.Use.PREFILL);
      assertNotNull(packed);
      Tensor narrow = Tensor.uninitialized("test", DType.BFLOAT16, Shape.of(N, K));
      Tensor wide = result(N, K);

      packed.unpack(0, narrow);
      packed.unpack(0, wide);

      float[] expected = source.to(DType.FLOAT32).to(DType.BFLOAT16).toFloats();
      assertArrayEquals(expected, narrow.toFloats());
      assertArrayEquals(expected, wide.toFloats());
    }
  }

  @Test
  void pack_shortRegistersForSteps_leavesFloat32Plain() {
    Tensor weight = Tensor.of(normal(16 * 24, 1), 16, 24);

    assertNull(shortRegisters.pack(weight, Precision.FLOAT32, PackedWeight.Use.DECODE));
    assertNotNull(shortRegisters.pack(weight, Precision.FLOAT32, PackedWeight.Use.PREFILL));
    assertNotNull(shortRegisters.pack(weight, Precision.INT8, PackedWeight.Use.DECODE));
  }

  /** Rows, outputs, inputs: one row and few, on either side of a block, and many. */
  @ParameterizedTest
  @CsvSource({
    "FLOAT32,1,70,130",
    "FLOAT32,5,64,64",
    "FLOAT32,77,33,200",
    "FLOAT32,2,1,3",
    "BFLOAT16,1,70,130",
    "BFLOAT16,5,64,64",
    "BFLOAT16,77,33,200",
    "BFLOAT16,2,1,3",
    "BFLOAT16,300,70,512",
    "INT8,1,70,130",
    "INT8,5,64,64",
    "INT8,77,33,200",
    "INT8,2,1,3",
    "INT8,300,70,512"
  })
  void linear_packed_matchesLoops(Precision precision, int M, int N, int K) {
    Tensor x = Tensor.of(normal(M * K, 1), M, K);
    Tensor weight = Tensor.of(normal(N * K, 1), N, K);
    Tensor bias = Tensor.of(normal(N, 1), N);
    Tensor residual = Tensor.of(normal(M * N, 1), M, N);
    assertMatchesLoops(kernels, precision, x, weight, bias, residual);
    assertMatchesLoops(shortRegisters, precision, x, weight, bias, residual);
  }

  private void assertMatchesLoops(
      Kernels kernels, Precision precision, Tensor x, Tensor weight, Tensor bias, Tensor residual) {
    long M = x.dim(0);
    long N = weight.dim(0);
    int K = (int) weight.dim(1);
    Tensor packed = pack(kernels, weight, precision);
    Tensor stored = unpacked(packed);

    for (Activation activation : Activation.values()) {
      for (Tensor added : new @Nullable Tensor[] {null, residual}) {
        Tensor out = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(M, N));
        kernels.linear(x, packed, bias, activation, added, out);

        Tensor expected = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(M, N));
        Kernels.reference().linear(x, stored, bias, activation, added, expected);
        // Rows of up to 64 are exact to thirteen bits or more, others to six or seven.
        double rounding = precision == Precision.INT8 ? (M > 64 ? 2e-2 : 1e-4) : 2e-6;
        assertClose(expected, out, rounding * 4 * Math.sqrt(K), precision + " " + activation);
      }
    }
  }

  /** As on a CPU that multiplies bfloat16; where this one can't, oneDNN emulates it. */
  @ParameterizedTest
  @CsvSource({"1", "5", "300"})
  void linear_narrowInput_roundsInputToo(int M) {
    Kernels narrow = Cpus.narrow();
    Tensor x = Tensor.of(normal(M * 130, 1), M, 130);
    Tensor weight = Tensor.of(normal(70 * 130, 1), 70, 130);
    Tensor bias = Tensor.of(normal(70, 1), 70);
    PackedWeight packed = narrow.pack(weight, Precision.BFLOAT16, PackedWeight.Use.PREFILL);
    Tensor out = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(M, 70));
    Tensor expected = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(M, 70));

    narrow.linear(x, packed == null ? weight : Tensor.of(packed), bias, Activation.GELU, null, out);

    Tensor rounded = x.to(DType.BFLOAT16).to(DType.FLOAT32);
    Tensor stored = weight.to(DType.BFLOAT16).to(DType.FLOAT32);
    Kernels.reference().linear(rounded, stored, bias, Activation.GELU, null, expected);
    assertClose(expected, out, 1e-4, "rows of bfloat16");
  }

  /** Rounding the input once for several maps gives what rounding it for each gives. */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void linears_packed_equalEachAlone(Precision precision) {
    for (int M : new int[] {1, 5, 77}) {
      assertEqualEachAlone(kernels, precision, M);
      assertEqualEachAlone(shortRegisters, precision, M);
    }
  }

  private void assertEqualEachAlone(Kernels kernels, Precision precision, int M) {
    Tensor x = Tensor.of(normal(M * 130, 1), M, 130);
    Tensor bias = Tensor.of(normal(70, 1), 70);
    Tensor query = pack(kernels, Tensor.of(normal(70 * 130, 1), 70, 130), precision);
    Tensor gate = pack(kernels, Tensor.of(normal(33 * 130, 1), 33, 130), precision);
    Tensor[] outs = {result(M, 70), result(M, 33), result(M, 70), result(M, 33)};

    kernels.linears(
        x,
        List.of(
            new Affine(query, bias, Activation.IDENTITY), new Affine(gate, null, Activation.SILU)),
        List.of(outs[0], outs[1]));

    kernels.linear(x, query, bias, Activation.IDENTITY, null, outs[2]);
    kernels.linear(x, gate, null, Activation.SILU, null, outs[3]);
    assertArrayEquals(outs[2].toFloats(), outs[0].toFloats());
    assertArrayEquals(outs[3].toFloats(), outs[1].toFloats());
  }

  /** What lies between two maps may be bfloat16: rounded as the second would have rounded it. */
  @ParameterizedTest
  @CsvSource({"1", "5", "300"})
  void linears_narrowBetween_equalsRoundingAfterwards(int M) {
    Kernels narrow = Cpus.narrow();
    PackedWeight up =
        narrow.pack(
            Tensor.of(normal(70 * 130, 1), 70, 130), Precision.BFLOAT16, PackedWeight.Use.PREFILL);
    PackedWeight down =
        narrow.pack(
            Tensor.of(normal(40 * 70, 1), 40, 70), Precision.BFLOAT16, PackedWeight.Use.PREFILL);
    if (up == null || down == null) {
      return; // no fast kernel, nothing to keep narrow
    }
    Tensor x = Tensor.of(normal(M * 130, 1), M, 130);
    Tensor hidden = Tensor.uninitialized("test", DType.BFLOAT16, Shape.of(M, 70));
    Tensor wide = result(M, 70);
    Affine map = new Affine(Tensor.of(up), null, Activation.GELU);

    narrow.linears(x, List.of(map), List.of(hidden));
    narrow.linear(x, Tensor.of(up), null, Activation.GELU, null, wide);

    assertEquals(DType.BFLOAT16, up.input());
    Tensor rounded = wide.to(DType.BFLOAT16);
    assertArrayEquals(rounded.to(DType.FLOAT32).toFloats(), hidden.to(DType.FLOAT32).toFloats());
    Tensor first = result(M, 40);
    Tensor second = result(M, 40);
    narrow.linear(hidden, Tensor.of(down), null, Activation.IDENTITY, null, first);
    narrow.linear(wide, Tensor.of(down), null, Activation.IDENTITY, null, second);
    assertArrayEquals(second.toFloats(), first.toFloats());
  }

  private static Tensor result(long... shape) {
    return Tensor.uninitialized("test", DType.FLOAT32, Shape.of(shape));
  }

  @ParameterizedTest
  @CsvSource({"1", "300"})
  void linear_outlierInARow_leavesTheRestExact(int M) {
    int K = 256;
    float[] values = normal(M * K, 1);
    for (int m = 0; m < M; m++) {
      values[m * K + 17] = 1000;
    }
    Tensor x = Tensor.of(values, M, K);
    float[] weights = normal(40 * K, 1);
    for (int n = 0; n < 40; n++) {
      weights[n * K + 17] = 0; // the outlier itself contributes nothing, only its scale would hurt
    }
    Tensor weight = Tensor.of(weights, 40, K);
    assertKeepsTheRest(kernels, Cpus.here().bytes() ? 127 : 63, x, weight);
    assertKeepsTheRest(shortRegisters, 63, x, weight);
  }

  private static void assertKeepsTheRest(Kernels kernels, double steps, Tensor x, Tensor weight) {
    long M = x.dim(0);
    long K = x.dim(1);
    Tensor packed = pack(kernels, weight, Precision.INT8);
    Tensor stored = unpacked(packed);

    Tensor out = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(M, 40));
    kernels.linear(x, packed, null, Activation.IDENTITY, null, out);

    Tensor expected = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(M, 40));
    Kernels.reference().linear(x, stored, null, Activation.IDENTITY, null, expected);
    // With one row of bytes a step would be 8 or 16, and every other number lost.
    double second = 1000 / steps / (2 * steps);
    assertClose(expected, out, 2 * second * Math.sqrt((double) K), "rows with an outlier");
  }

  /** Packed by oneDNN, or, on a CPU without a fast kernel for the type, as the reference does. */
  private static Tensor pack(Kernels kernels, Tensor weight, Precision precision) {
    PackedWeight packed = kernels.pack(weight, precision, PackedWeight.Use.PREFILL);
    if (packed != null) {
      return Tensor.of(packed);
    }
    return precision == Precision.FLOAT32 ? weight : Tensor.of(Int8Weight.of(weight));
  }

  private static Tensor unpacked(Tensor weight) {
    PackedWeight packing = weight.packing();
    if (packing == null) {
      return weight;
    }
    Tensor plain = Tensor.uninitialized("test", DType.FLOAT32, weight.shape());
    packing.unpack(0, plain);
    return plain;
  }

  private float[] normal(int count, double scale) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (scale * random.nextGaussian());
    }
    return values;
  }

  private static void assertClose(Tensor expected, Tensor actual, double allowed, String what) {
    float[] e = expected.toFloats();
    float[] a = actual.toFloats();
    for (int i = 0; i < e.length; i++) {
      assertEquals(e[i], a[i], allowed, what + ", element " + i);
    }
  }
}
