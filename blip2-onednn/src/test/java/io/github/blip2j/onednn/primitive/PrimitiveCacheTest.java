package io.github.blip2j.onednn.primitive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.dnnl.engine;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class PrimitiveCacheTest {
  private final engine cpu = new engine(engine.kind.cpu, 0);
  private final PrimitivePool calls = new PrimitivePool(cpu, new OpenMpThreads(), 1, 3);
  private final NormKernels norms = new NormKernels(calls);

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

    assertEquals(3, calls.ready());
  }

  @Test
  void get_sameShapeAgain_makesNothing() {
    Tensor x = Tensor.of(new float[] {1, 2}, 1, 2);

    norms.softmax(x, x);
    norms.softmax(x, x);

    assertEquals(1, calls.ready());
  }

  @Test
  void scratchpad_allocationFailed_isNotThatOfBefore() {
    AtomicBoolean full = new AtomicBoolean();
    List<BytePointer> given = new ArrayList<>();
    PrimitiveCache tight =
        new PrimitiveCache(
            cpu,
            new OpenMpThreads(),
            3,
            size -> {
              if (full.getAndSet(false)) {
                throw new OutOfMemoryError("made up");
              }
              given.add(new BytePointer(size));
              return given.get(given.size() - 1);
            });
    tight.scratchpad(1000);
    full.set(true);
    assertThrows(OutOfMemoryError.class, () -> tight.scratchpad(5000));

    for (long size : new long[] {100, 1000, 5000}) {
      long at = tight.scratchpad(size);

      BytePointer last = given.get(given.size() - 1);
      assertTrue(given.size() > 1, "another expected after the failed one");
      assertTrue(
          last.address() != 0
              && at >= last.address()
              && at + size <= last.address() + last.capacity(),
          "scratchpad of " + size + " bytes expected in living memory");
    }
  }
}
