package io.github.blip2j.onednn;

import io.github.blip2j.backend.Diagnostics;
import io.github.blip2j.backend.Kernels;
import io.github.blip2j.onednn.primitive.Cpu;
import org.junit.jupiter.api.Assumptions;

/** CPUs that this one can pass for. */
public final class Cpus {
  /** Such as Haswell, and Zen to Zen 3; any CPU can do what they do. */
  static final Cpu AVX2 = new Cpu(false, false, false);

  /** Such as Sapphire Rapids, and Zen 4. */
  static final Cpu BFLOAT16 = new Cpu(true, true, true);

  private Cpus() {}

  /**
   * This one, as if it did not multiply bfloat16; with {@code -Dblip2.test.cpu=avx2} as if it had
   * no AVX-512 either.
   */
  public static Cpu here() {
    if (System.getProperty("blip2.test.cpu", "").equals("avx2")) {
      return AVX2;
    }
    Cpu here = Cpu.of(Diagnostics.cpuFlags());
    return new Cpu(here.wide(), false, here.bytes());
  }

  /**
   * Kernels that multiply bfloat16. With AVX-512 oneDNN does so, if need be without an instruction
   * for it. Without, it has no such product, {@link OneDnnProvider} never makes these kernels, and
   * there is nothing to test; {@link CpuTest} fails should oneDNN learn it. {@code .ci/not-run}
   * counts the tests that are left out, so that a run without them is seen.
   */
  static Kernels narrow() {
    Assumptions.assumeTrue(
        here().wide(), "oneDNN multiplies bfloat16 with AVX-512 only, as CpuTest shows");
    return new OneDnnKernels(BFLOAT16);
  }
}
