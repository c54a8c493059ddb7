package io.github.blip2j.io.foreign;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class OnnxWeightsTest {
  private static final float[] MATRIX = {1, 2, 3, 4, 5, 6};

  @Test
  void weights_haveTheNamesAndShapesOfTheModule() throws CheckpointException {
    Map<String, ForeignTensor> weights = OnnxWeights.read("a.onnx", model("MatMul").buffer());

    assertEquals(Set.of("layer.0.dense.weight", "layer.0.dense.bias"), weights.keySet());
    ForeignTensor matrix = requireNonNull(weights.get("layer.0.dense.weight"));
    assertEquals(Shape.of(3, 2), matrix.shape());
    assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, floats(matrix));
    assertArrayEquals(
        new float[] {7, 8, 9}, floats(requireNonNull(weights.get("layer.0.dense.bias"))));
  }

  @Test
  void quantisedModel_isRefused() {
    var refused =
        assertThrows(
            CheckpointException.class,
            () -> OnnxWeights.read("a.onnx", model("DynamicQuantizeLinear").buffer()));

    assertEquals(
        "a.onnx: float32 weights expected, got a quantised model; take the one that isn't",
        refused.getMessage());
  }

  @Test
  void everyTruncation_isRefusedOrReadsLess() throws CheckpointException {
    byte[] whole = model("MatMul").array();
    int refused = 0;
    for (int length = 0; length < whole.length; length++) {
      ByteBuffer part = ByteBuffer.wrap(Arrays.copyOf(whole, length));
      try {
        assertEquals(Map.of(), OnnxWeights.read("a.onnx", part));
      } catch (CheckpointException e) {
        refused++;
      }
    }
    assertEquals(whole.length, refused);
  }

  @Test
  void shapeThatBytesDoNotFill_isRefused() {
    Bytes tensor = tensor("w", new float[] {1, 2, 3}, 2, 2);
    Bytes model = new Bytes().message(7, new Bytes().message(5, tensor));

    var refused =
        assertThrows(CheckpointException.class, () -> OnnxWeights.read("a", model.buffer()));

    assertEquals("a: w: 4 numbers of float32 expected, got 12 bytes", refused.getMessage());
  }

  @Test
  void hugeShape_isRefused() {
    Bytes tensor = tensor("w", new float[] {1}, Integer.MAX_VALUE, Integer.MAX_VALUE);
    Bytes model = new Bytes().message(7, new Bytes().message(5, tensor));

    assertThrows(CheckpointException.class, () -> OnnxWeights.read("a", model.buffer()));
  }

  /** A graph with one dense layer, {@code x · W + b}. */
  private static Bytes model(String type) {
    Bytes node =
        new Bytes()
            .text(1, "x")
            .text(1, "onnx::MatMul_1")
            .text(3, "/layer/0/dense/MatMul".replace("layer/0", "layer.0"))
            .text(4, type);
    Bytes graph =
        new Bytes()
            .message(1, node)
            .message(5, tensor("onnx::MatMul_1", MATRIX, 2, 3))
            .message(5, tensor("layer.0.dense.bias", new float[] {7, 8, 9}, 3))
            .message(
                5, new Bytes().number(1, 1).number(2, 7).text(8, "steps").bytes(9, new byte[8]));
    return new Bytes().number(1, 6).message(7, graph);
  }

  private static Bytes tensor(String name, float[] values, long... dims) {
    Bytes packed = new Bytes();
    for (long dim : dims) {
      packed.varint(dim);
    }
    return new Bytes()
        .message(1, packed)
        .number(2, 1)
        .text(8, name)
        .bytes(9, new Bytes().floats(values).array());
  }

  private static float[] floats(ForeignTensor tensor) {
    float[] values = new float[tensor.values().remaining()];
    tensor.values().get(values);
    return values;
  }
}
