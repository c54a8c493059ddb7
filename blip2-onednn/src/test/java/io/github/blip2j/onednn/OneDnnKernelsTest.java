package io.github.blip2j.onednn;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.KernelsConformance;

final class OneDnnKernelsTest extends KernelsConformance {
  private final Kernels kernels = new OneDnnKernels(Cpus.here());

  @Override
  public Kernels kernels() {
    return kernels;
  }
}
