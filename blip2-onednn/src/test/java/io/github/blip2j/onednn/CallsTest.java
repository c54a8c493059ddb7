package io.github.blip2j.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import org.bytedeco.dnnl.engine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class CallsTest {
  private final Calls calls = new Calls(new engine(engine.kind.cpu, 0), new Team(), 3);
  private final Norms norms = new Norms(ThreadLocal.withInitial(() -> calls));

  @Test
  void get_moreShapesThanKept_staysBoundedAndRight() {
    for (int round = 0; round < 2; round++) {
      for (int width = 2; width < 9; width++) {
        Tensor x = Tensor.zeros(DType.FLOAT32, 2, width);

        norms.softmax(x, x);

        float[] uniform = new float[2 * width];
        Arrays.fill(uniform, 1f / width);
        assertArrayEquals(uniform, x.toFloats(), 1e-6f);
      }
    }

    assertEquals(3, calls.size());
  }

  @Test
  void get_sameShapeAgain_makesNothing() {
    Tensor x = Tensor.of(new float[] {1, 2}, 1, 2);

    norms.softmax(x, x);
    norms.softmax(x, x);

    assertEquals(1, calls.size());
  }
}
