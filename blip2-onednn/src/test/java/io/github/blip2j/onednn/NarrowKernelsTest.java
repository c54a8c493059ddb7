package io.github.blip2j.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.blip2j.tensor.Kernels;
import io.github.blip2j.tensor.KernelsConformance;
import io.github.blip2j.tensor.Precision;
import org.junit.jupiter.api.Test;

/** As on a CPU that multiplies bfloat16; where this one can't, oneDNN emulates it. */
final class NarrowKernelsTest extends KernelsConformance {
  private final Kernels kernels = Cpus.narrow();

  @Override
  public Kernels kernels() {
    return kernels;
  }

  @Test
  void gainsBy_whatTheCpuMultiplies() {
    for (Precision precision : Precision.values()) {
      assertEquals(precision == Precision.BFLOAT16, kernels.gainsBy(precision));
      assertFalse(new OneDnnKernels(Cpus.here()).gainsBy(precision));
    }
  }
}
