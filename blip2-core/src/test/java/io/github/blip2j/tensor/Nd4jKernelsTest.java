package io.github.blip2j.tensor;

final class Nd4jKernelsTest extends KernelsConformance {
  @Override
  public Kernels kernels() {
    return Kernels.reference();
  }
}
