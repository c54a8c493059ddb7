package io.github.blip2j.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.onednn.primitive.Cpu;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class CpuTest {
  @Test
  void of_flagsOfKnownCpus_tellsWhatTheyMultiply() {
    assertEquals(Cpus.AVX2, Cpu.of(Set.of("avx2", "fma")), "Zen 3");
    assertEquals(new Cpu(false, false, true), Cpu.of(Set.of("avx2", "avx_vnni")), "Alder Lake");
    Set<String> skylake = Set.of("avx2", "avx512f", "avx512bw");
    assertEquals(new Cpu(true, false, false), Cpu.of(skylake), "Skylake-X");
    Set<String> cascadeLake = Set.of("avx2", "avx512f", "avx512bw", "avx512_vnni");
    assertEquals(new Cpu(true, false, true), Cpu.of(cascadeLake), "Cascade Lake");
    Set<String> zen5 = Set.of("avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx_vnni");
    assertEquals(Cpus.BFLOAT16, Cpu.of(zen5), "Zen 5");
  }

  @Test
  void gainsBy_whatTheCpuMultiplies() {
    for (Precision precision : Precision.values()) {
      boolean bfloat16 = precision == Precision.BFLOAT16;
      assertEquals(bfloat16, new OneDnnKernels(Cpus.BFLOAT16).accelerates(precision));
      assertFalse(new OneDnnKernels(Cpus.AVX2).accelerates(precision));
    }
  }

  /** What {@link Cpus#narrow} takes for granted where it skips tests. */
  @Test
  void matmul_bfloat16_hasAKernelWithAvx512Only() {
    Tensor three = Tensor.of(new float[] {3}, 1, 1).to(DType.BFLOAT16);
    Tensor out = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(1, 1));
    Kernels narrow = new OneDnnKernels(Cpus.BFLOAT16);

    if (Cpus.here().wide()) {
      narrow.matmul(three, three, out);
      assertEquals(9, out.toFloats()[0]);
    } else {
      assertThrows(RuntimeException.class, () -> narrow.matmul(three, three, out));
    }
  }
}
