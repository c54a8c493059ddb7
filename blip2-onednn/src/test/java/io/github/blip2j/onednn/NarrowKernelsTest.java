package io.github.blip2j.onednn;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.KernelsConformance;

/** As on a CPU that multiplies bfloat16; see {@link Cpus#narrow} for where it is skipped. */
final class NarrowKernelsTest extends KernelsConformance {
  private final Kernels kernels = Cpus.narrow();

  @Override
  public Kernels kernels() {
    return kernels;
  }
}
