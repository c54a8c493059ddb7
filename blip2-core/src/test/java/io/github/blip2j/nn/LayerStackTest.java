package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class LayerStackTest {
  private static final int SIZE = 1 << 12;
  private static final LayerStack.Layer ONE_MORE = (x, pass) -> x.add(1);

  private static Tensor zeros() {
    return Tensor.of(new float[SIZE], SIZE);
  }

  private static float first(Tensor x) {
    return x.toFloats()[0];
  }

  @Test
  void forward_withoutRecording_holdsTheInputAndTheLastOutputAlone() {
    LayerStack few = LayerStack.of("stack", Collections.nCopies(1, ONE_MORE));
    LayerStack many = LayerStack.of("stack", Collections.nCopies(40, ONE_MORE));
    long before = TensorMemory.usedBytes();
    few.forward(LayerStackTest::zeros, ForwardPass.evaluation());
    long ofFew = TensorMemory.usedBytes() - before;

    before = TensorMemory.usedBytes();
    Tensor y = many.forward(LayerStackTest::zeros, ForwardPass.evaluation());
    long ofMany = TensorMemory.usedBytes() - before;

    assertEquals(40, first(y));
    assertTrue(ofFew >= 2L * SIZE * Float.BYTES, "got " + ofFew);
    assertEquals(ofFew, ofMany);
  }

  @Test
  void forward_viewOfACallersTensor_leavesItAlive() {
    Tensor callers = zeros();
    LayerStack stack = LayerStack.of("stack", List.of((x, pass) -> x, ONE_MORE, ONE_MORE));

    Tensor y = stack.forward(() -> callers.reshape(2, SIZE / 2), ForwardPass.evaluation());

    assertEquals(2, first(y));
    assertEquals(0, first(callers));
  }

  @Test
  void forward_layerThatReturnsItsInput_keepsIt() {
    LayerStack stack = LayerStack.of("stack", List.of(ONE_MORE, (x, pass) -> x));

    assertEquals(1, first(stack.forward(LayerStackTest::zeros, ForwardPass.evaluation())));
  }

  @Test
  void forward_observed_showsTheInputAndEachOutput() {
    LayerStack stack = LayerStack.of("stack", Collections.nCopies(2, ONE_MORE));
    List<String> seen = new ArrayList<>();
    ForwardPass pass =
        ForwardPass.evaluation()
            .observedBy(
                new ForwardPass.Observer() {
                  @Override
                  public void hiddenState(String path, int index, Tensor x) {
                    seen.add(path + " " + index + " " + first(x));
                  }
                });

    stack.forward(LayerStackTest::zeros, pass);

    assertEquals(List.of("stack 0 0.0", "stack 1 1.0", "stack 2 2.0"), seen);
  }

  @Test
  void ofDecoder_withACache_givesEachLayerItsPartAndRunsItOnce() {
    var cache = new KeyValueCache(2, 4);
    List<String> calls = new ArrayList<>();
    LayerStack.DecoderLayer layer =
        (i, x, part, pass) -> {
          calls.add(i + (part == null ? "" : part == cache.layer(i) ? " cached" : " mixed up"));
          return x.mul(x);
        };
    Tensor x = Tensor.of(new float[] {2}, 1).leaf(g -> {});
    ForwardPass pass = ForwardPass.evaluation().withGradientCheckpointing();

    for (KeyValueCache each : new KeyValueCache[] {null, cache}) {
      Tensor y = LayerStack.ofDecoder("stack", 2, each, layer).forward(() -> x.mul(1), pass);
      assertEquals(16, first(y));
      y.sum().backward();
    }

    assertEquals(
        List.of("0", "1", "1", "0", "0 cached", "1 cached"), calls, "recomputed without a cache");
  }

  @Test
  void backward_recomputedFromTheSecond_givesTheSameGradientAndCallsThoseTwice() {
    int[] calls = new int[2];
    List<LayerStack.Layer> layers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      int own = i;
      layers.add(
          (x, pass) -> {
            calls[own]++;
            return x.mul(x);
          });
    }
    LayerStack stack = LayerStack.of("stack", layers).recomputedFrom(1);
    float[][] gradient = new float[1][];
    Tensor x = Tensor.of(new float[] {2, 3}, 2).leaf(g -> gradient[0] = g.toFloats());

    stack
        .forward(() -> x.mul(1), ForwardPass.evaluation().withGradientCheckpointing())
        .sum()
        .backward();

    assertArrayEquals(new float[] {32, 108}, gradient[0]); // 4 x^3
    assertArrayEquals(new int[] {1, 2}, calls);
  }
}
