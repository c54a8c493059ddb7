package io.github.blip2j.onednn;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.KernelsConformance;

/** As on a CPU without AVX-512, which converts bfloat16 and packs it in ways of its own. */
final class ShortRegistersKernelsTest extends KernelsConformance {
  private final Kernels kernels = new OneDnnKernels(Cpus.AVX2);

  @Override
  public Kernels kernels() {
    return kernels;
  }
}
