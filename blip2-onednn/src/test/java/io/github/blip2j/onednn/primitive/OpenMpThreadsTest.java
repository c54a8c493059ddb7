package io.github.blip2j.onednn.primitive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import org.bytedeco.dnnl.engine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class OpenMpThreadsTest {
  private final engine cpu = new engine(engine.kind.cpu, 0); // loads the library
  private final OpenMpThreads team = new OpenMpThreads();

  @Test
  void alone_work_seesOneThreadAndLeavesAllAfterIt() {
    int all = team.size();

    assertEquals(1, team.alone(team::size));
    assertEquals(all, team.size());
  }

  @Test
  void alone_workThatFails_leavesAllThreads() {
    int all = team.size();

    assertThrows(
        ArithmeticException.class,
        () ->
            team.alone(
                () -> {
                  throw new ArithmeticException();
                }));

    assertEquals(all, team.size());
  }

  @Test
  void norms_smallAndLarge_equalRowByRow() {
    PrimitivePool calls = new PrimitivePool(cpu, team);
    NormKernels norms = new NormKernels(calls);
    Tensor row = Tensor.of(ramp(), 1, 64);
    Tensor rows = Tensor.zeros(DType.FLOAT32, 1024, 64).add(row); // more than is small

    norms.softmax(row, row);
    norms.softmax(rows, rows);

    float[] one = row.toFloats();
    float[] all = rows.toFloats();
    for (int i = 0; i < all.length; i++) {
      assertEquals(one[i % 64], all[i], 1e-7f);
    }
  }

  private static float[] ramp() {
    float[] values = new float[64];
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.1f * i;
    }
    return values;
  }
}
