package io.github.blip2j.tensor;

import static io.github.blip2j.backend.Samples.counting;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Samples;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

/** What operations say about arguments that do not fit. */
@ExtendWith(InScope.class)
final class TensorMessagesTest {
  @Test
  void arithmetic_mixedOrIntegerTypes_isRefused() {
    Tensor floats = counting(2);
    Tensor ids = Tensor.ids(1, 2);

    var mixed = assertThrows(IllegalArgumentException.class, () -> floats.add(ids));
    var integers = assertThrows(IllegalArgumentException.class, () -> ids.add(ids));
    var half = assertThrows(IllegalArgumentException.class, () -> floats.to(DType.FLOAT16).exp());
    var wide =
        assertThrows(
            IllegalArgumentException.class,
            () -> floats.linear(Tensor.zeros(DType.FLOAT64, 3, 2), null));

    assertEquals("add: types expected equal, got FLOAT32 and INT64", mixed.getMessage());
    assertEquals(
        "add: type expected FLOAT32 or FLOAT64, got INT64; convert it with to()",
        integers.getMessage());
    assertEquals(
        "exp: type expected FLOAT32 or FLOAT64, got FLOAT16; convert it with to()",
        half.getMessage());
    assertEquals(
        "linear: weight expected FLOAT32 or a narrower floating type, got FLOAT64",
        wide.getMessage());
  }

  @Test
  void shapesThatDoNotFit_nameBoth() {
    Tensor x = counting(2, 3);

    assertMessage(
        "reshape: target expected 6 elements as [2, 3] has, got [4, -1]", () -> x.reshape(4, -1));
    assertMessage(
        "permute: order expected each axis of [2, 3] once, got [0, 0]", () -> x.permute(0, 0));
    assertMessage(
        "narrow: range expected within axis 1 of [2, 3], got 2 to 4", () -> x.narrow(1, 2, 2));
    assertMessage("select: index expected within axis 0 of [2, 3], got 2", () -> x.select(0, 2));
    assertMessage("expand: target expected to hold [2, 3], got [1, 3]", () -> x.expand(1, 3));
    assertMessage(
        "concat: expected at least one tensor, got none", () -> Tensor.concat(0, List.of()));
    assertMessage(
        "concat: part expected [2, 2], got [3, 2]",
        () -> Tensor.concat(1, List.of(x, counting(3, 2))));
    assertMessage("matmul: inner axes differ, [2, 3] x [2, 3]", () -> x.matmul(x));
    assertMessage(
        "linear: last axis of x expected the weight's inputs, got x [2, 3] and weight [3, 2]",
        () -> x.linear(counting(3, 2), null));
    assertMessage("linear: bias expected [2], got [3]", () -> x.linear(x, counting(3)));
    assertMessage(
        "linear: residual expected [2, 2], got [2, 3]",
        () -> x.linear(x, null, Activation.IDENTITY, x));
    assertMessage("item: tensor expected one element, got [2, 3]", x::item);
    assertMessage(
        "Tensor.of: values expected 6 for shape [2, 3], got 2",
        () -> Tensor.of(new float[2], 2, 3));
    assertMessage("gather: ids expected from 0 to 1, got -1", () -> x.gather(Tensor.ids(0, -1)));
    assertMessage("gather: ids expected INT64, got FLOAT32", () -> x.gather(x));
    assertMessage(
        "gather: table expected a floating type, got INT64",
        () -> Tensor.zeros(DType.INT64, 2, 2).gather(Tensor.ids(0)));
    assertMessage(
        "crossEntropy: ids expected below 3, got 3", () -> x.crossEntropy(Tensor.ids(0, 3), 0));
    assertMessage(
        "layerNorm: gamma expected [3], got [2]", () -> x.layerNorm(counting(2), counting(2), 0));
    assertMessage("copyInPlace: source expected [2, 3], got [3]", () -> x.copyInPlace(counting(3)));
    assertMessage("addInPlace: other expected [2, 3], got [3]", () -> x.addInPlace(counting(3)));
    Tensor heads = counting(1, 2, 1, 3);
    assertMessage(
        "attention: k expected [1, ?, 1, 3], got [2, 1, 1, 3]",
        () -> heads.attention(counting(2, 1, 1, 3), heads, 1, null));
    assertMessage(
        "attention: mask expected to broadcast to [1, 1, 2, 2], got [5, 1, 1, 2]",
        () -> heads.attention(heads, heads, 1, counting(5, 1, 1, 2)));
  }

  private static void assertMessage(String expected, Executable call) {
    assertEquals(expected, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @Test
  void narrow_rangeThatWrapsAround_isRefused() {
    Tensor x = Samples.counting(2, 3);

    assertThrows(IllegalArgumentException.class, () -> x.narrow(1, 1, Long.MAX_VALUE));
    assertThrows(IllegalArgumentException.class, () -> x.narrow(1, Long.MAX_VALUE, 1));
  }

  @Test
  void reshape_productThatWrapsAround_isRefused() {
    Tensor none = Samples.counting(0);

    assertThrows(ShapeMismatchException.class, () -> none.reshape(1L << 32, 1L << 32));
    assertThrows(ShapeMismatchException.class, () -> none.reshape(-1, 1L << 32, 1L << 32));
  }

  @Test
  void adamW_operandsThatShareMemory_areCopiedOrRefused() {
    AdamWRule.Step step = new AdamWRule.Step(1, 0.1, 0.5, 1);
    Tensor memory = Samples.counting(6);
    Tensor x = memory.narrow(0, 0, 4);
    Tensor gradient = memory.narrow(0, 2, 4);
    Tensor alone = x.copy();
    Tensor[] state = new Tensor[4];
    for (int i = 0; i < state.length; i++) {
      state[i] = Tensor.zeros(DType.FLOAT32, 4);
    }

    alone.adamWInPlace(AdamWRule.DEFAULT, step, gradient.copy(), state[0], state[1]);
    x.adamWInPlace(AdamWRule.DEFAULT, step, gradient, state[2], state[3]);

    assertArrayEquals(alone.toFloats(), x.toFloats());
    assertArrayEquals(state[1].toFloats(), state[3].toFloats());
    assertMessage(
        "adamWInPlace: parameter, m and v expected in memory of their own, got some that share it;"
            + " copy them",
        () -> x.adamWInPlace(AdamWRule.DEFAULT, step, gradient, gradient, state[0]));
  }
}
