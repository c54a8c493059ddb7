package io.github.blip2j.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is recorded, where gradients stop, and what is refused. */
@ExtendWith(InScope.class)
final class RecordingTest {
  private final List<double[]> received = new ArrayList<>();

  private Tensor leaf(double... values) {
    return Tensor.of(values, values.length).leaf(g -> received.add(g.toDoubles()));
  }

  private double[] onlyGradient() {
    assertEquals(1, received.size());
    return received.get(0);
  }

  @Test
  void operations_withoutLeaf_recordNothing() {
    Tensor x = Tensor.of(new double[] {1, 2}, 2);

    assertFalse(x.requiresGrad());
    assertFalse(x.mul(x).add(1).requiresGrad());
  }

  @Test
  void operations_onLeaf_areRecorded() {
    assertTrue(leaf(1, 2).mul(2).requiresGrad());
  }

  @Test
  void noGrad_anyOperation_recordsNothing() {
    Tensor x = leaf(1, 2);
    Tensor image = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2).leaf(g -> {});
    try (var off = GradMode.noGrad();
        var nested = GradMode.noGrad()) {
      assertFalse(x.mul(x).requiresGrad());
      assertFalse(image.linear(image, x, Activation.GELU, image).requiresGrad());
      assertFalse(image.layerNorm(x, x, 1e-5).requiresGrad());
      Tensor heads = image.reshape(1, 2, 1, 2);
      assertFalse(heads.attention(heads, heads, 1, null).requiresGrad());
      assertFalse(Tensor.concat(0, List.of(image, image)).requiresGrad());
    }
    assertTrue(x.mul(x).requiresGrad());
  }

  @Test
  void noGrad_closedTwice_endsOnce() {
    try (var outer = GradMode.noGrad()) {
      var inner = GradMode.noGrad();
      inner.close();
      inner.close();
      assertFalse(GradMode.isRecording());
    }
    assertTrue(GradMode.isRecording());
  }

  @Test
  void detach_inTheMiddle_stopsTheGradient() {
    Tensor x = leaf(3);

    x.mul(x.mul(x).detach()).backward();

    assertArrayEquals(new double[] {9}, onlyGradient());
  }

  @Test
  void backward_twoPasses_handOverTwoGradients() {
    Tensor x = leaf(3);
    Tensor loss = x.mul(x);

    loss.backward();
    loss.backward(Tensor.of(new double[] {10}, 1));

    assertEquals(2, received.size());
    assertArrayEquals(new double[] {6}, received.get(0));
    assertArrayEquals(new double[] {60}, received.get(1));
  }

  @Test
  void backward_sinkThatAddsInPlace_accumulates() {
    Tensor total = Tensor.zeros(DType.FLOAT64, 2);
    Tensor x = Tensor.of(new double[] {1, 2}, 2).leaf(total::addInPlace);

    x.mul(x).sum().backward();
    x.mul(3).sum().backward();

    assertArrayEquals(new double[] {5, 7}, total.toDoubles());
  }

  @Test
  void backward_longChain_holdsTwoGradientsAtATime() {
    int size = 1 << 18;
    long[] used = new long[1];
    Tensor x =
        Tensor.full(DType.FLOAT32, 1, size).leaf((g, shared) -> used[0] = TensorMemory.usedBytes());
    Tensor y = x;
    for (int i = 0; i < 20; i++) {
      y = y.mul(1.5);
    }
    Tensor loss = y.sum();
    long before = TensorMemory.usedBytes();

    loss.backward();

    assertTrue(used[0] - before <= 2L * size * Float.BYTES, (used[0] - before) + " bytes");
  }

  @Test
  void backward_gradientOfOneLeaf_isItsOwn() {
    List<Boolean> shared = new ArrayList<>();
    Tensor x = Tensor.of(new double[] {1, 2}, 2).leaf((g, others) -> shared.add(others));
    Tensor y = Tensor.of(new double[] {3, 4}, 2).leaf((g, others) -> shared.add(others));

    x.mul(2).add(y.mul(3)).sum().backward();
    x.add(y).backward(Tensor.of(new double[] {1, 1}, 2));

    assertEquals(List.of(false, false, true, true), shared);
  }

  @Test
  void backward_twiceThroughAttention_isTheSame() {
    Tensor heads = Tensor.of(new double[] {1, 2, 3, 4}, 1, 2, 1, 2);
    Tensor x = heads.leaf(g -> received.add(g.toDoubles()));
    Tensor loss = x.attention(x, x, 1, null).mul(x).sum();

    loss.backward();
    loss.backward();

    assertArrayEquals(received.get(0), received.get(1));
  }

  @Test
  void backward_narrowFrozenWeight_reachesTheInput() {
    Tensor weight = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2).to(DType.BFLOAT16);
    Tensor x = Tensor.of(new float[] {1, 1}, 1, 2).leaf(g -> received.add(g.toDoubles()));

    x.linear(weight, null).sum().backward();

    assertArrayEquals(new double[] {4, 6}, onlyGradient());
  }

  @Test
  void to_anotherType_castsTheGradientBack() {
    Tensor x = Tensor.of(new float[] {1, 2}, 2).leaf(g -> assertEquals(DType.FLOAT32, g.dtype()));

    Tensor wide = x.to(DType.FLOAT64);

    assertTrue(wide.requiresGrad());
    wide.sum().backward();
  }

  @Test
  void backward_valueChangedInPlaceSince_throws() {
    Tensor x = leaf(1, 2);
    Tensor factor = Tensor.of(new double[] {5, 6}, 2);
    Tensor loss = x.mul(factor).sum();
    factor.scaleInPlace(2);

    var e = assertThrows(IllegalStateException.class, loss::backward);

    assertEquals(
        "mul: gradient expected the value made by Tensor.of unchanged, got one changed in place since;"
            + " change a copy",
        e.getMessage());
  }

  @Test
  void backward_viewOfValueChangedInPlaceSince_throws() {
    Tensor x = leaf(1, 2);
    Tensor factor = Tensor.of(new double[] {5, 6}, 2);
    Tensor loss = x.mul(factor).sum();
    factor.narrow(0, 0, 1).copyInPlace(Tensor.of(new double[] {0}, 1));

    assertThrows(IllegalStateException.class, loss::backward);
  }

  @Test
  void inPlace_onRecordedTensor_isRefused() {
    Tensor y = leaf(1, 2).exp();
    String expected =
        ": tensor made by exp expected without a gradient, got one that is recorded; change a copy,"
            + " or a leaf under noGrad";

    var scale = assertThrows(IllegalStateException.class, () -> y.scaleInPlace(2));
    var add = assertThrows(IllegalStateException.class, () -> y.addInPlace(y.detach()));
    var copy = assertThrows(IllegalStateException.class, () -> y.copyInPlace(y.detach()));

    assertEquals("scaleInPlace" + expected, scale.getMessage());
    assertEquals("addInPlace" + expected, add.getMessage());
    assertEquals("copyInPlace" + expected, copy.getMessage());
  }

  @Test
  void inPlace_fromRecordedSource_isRefused() {
    Tensor y = leaf(1, 2).exp();
    Tensor plain = Tensor.of(new double[] {0, 0}, 2);
    String expected =
        ": source made by exp expected without a gradient, got one that is recorded; detach it, or"
            + " use an operation that returns its result";

    var add = assertThrows(IllegalStateException.class, () -> plain.addInPlace(y));
    var copy = assertThrows(IllegalStateException.class, () -> plain.copyInPlace(y));

    assertEquals("addInPlace" + expected, add.getMessage());
    assertEquals("copyInPlace" + expected, copy.getMessage());
  }

  @Test
  void inPlace_onLeaf_isAllowedUnderNoGradOnly() {
    Tensor x = leaf(1, 2);

    assertThrows(IllegalStateException.class, () -> x.scaleInPlace(2));
    try (var off = GradMode.noGrad()) {
      x.scaleInPlace(2);
    }

    assertArrayEquals(new double[] {2, 4}, x.toDoubles());
  }

  @Test
  void backward_moreThanOneElement_saysSo() {
    Tensor y = leaf(1, 2).mul(2);

    var e = assertThrows(ShapeMismatchException.class, y::backward);

    assertEquals("backward: loss expected one element, got [2]", e.getMessage());
  }

  @Test
  void backward_gradientOfOtherShapeOrType_saysSo() {
    Tensor y = leaf(1, 2).mul(2);
    Tensor three = Tensor.of(new double[3], 3);
    Tensor floats = Tensor.of(new float[2], 2);

    var shape = assertThrows(ShapeMismatchException.class, () -> y.backward(three));
    var type = assertThrows(IllegalArgumentException.class, () -> y.backward(floats));

    assertEquals("backward: gradient expected [2], got [3]", shape.getMessage());
    assertEquals("backward: types expected equal, got FLOAT64 and FLOAT32", type.getMessage());
  }

  @Test
  void backward_nothingRecorded_saysWhy() {
    Tensor y = Tensor.of(new double[] {1}, 1).mul(2);

    var e = assertThrows(IllegalStateException.class, y::backward);

    assertEquals(
        "backward: expected a recorded tensor, got one that depends on no leaf or was made under"
            + " noGrad",
        e.getMessage());
  }

  @Test
  void leaf_ofIntegers_isRefused() {
    Tensor ids = Tensor.ids(1, 2);

    var e = assertThrows(IllegalArgumentException.class, () -> ids.leaf(g -> {}));

    assertEquals("leaf: type expected floating, got INT64", e.getMessage());
  }

  @Test
  void attention_recordedMask_isRefused() {
    Tensor x = Tensor.of(new double[] {1, 2}, 1, 1, 1, 2);
    Tensor mask = Tensor.of(new double[] {0}, 1).leaf(g -> {});

    var e = assertThrows(IllegalArgumentException.class, () -> x.attention(x, x, 1, mask));

    assertEquals(
        "attention: mask expected without a gradient, got one that is recorded; detach it, or"
            + " compose matmul and softmax",
        e.getMessage());
  }

  @Test
  void watchGradient_seesTheCompleteGradientAndPassesItOn() {
    List<Double> seen = new ArrayList<>();
    Tensor x = leaf(3);

    Tensor watched = x.mul(2).watchGradient(g -> seen.add(g.item()));
    watched.mul(5).add(watched).backward();

    assertEquals(List.of(6.0), seen);
    assertArrayEquals(new double[] {12}, onlyGradient());
  }

  @Test
  void watchGradient_withoutRecording_isNothing() {
    Tensor x = Tensor.of(new double[] {1}, 1);

    assertFalse(x.watchGradient(g -> {}).requiresGrad());
  }

  @Test
  void backward_longChain_needsNoStack() {
    Tensor x = leaf(1);
    Tensor y = x;
    for (int i = 0; i < 3000; i++) {
      y = y.add(0.5);
    }

    y.backward();

    assertArrayEquals(new double[] {1}, onlyGradient());
  }
}
