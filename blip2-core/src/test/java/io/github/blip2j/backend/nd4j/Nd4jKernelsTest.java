package io.github.blip2j.backend.nd4j;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.KernelsConformance;

final class Nd4jKernelsTest extends KernelsConformance {
  @Override
  public Kernels kernels() {
    return Kernels.reference();
  }
}
