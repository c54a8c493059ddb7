package io.github.blip2j.backend;

import io.github.blip2j.tensor.OnBackend;

/** The conformance test itself touches memory by transfers only, and so do operations. */
final class DisguisedKernelsTest extends KernelsConformance implements OnBackend {
  @Override
  public Kernels kernels() {
    return backend().kernels();
  }

  @Override
  public Backend backend() {
    return Disguise.of(Backend.of("nd4j"));
  }
}
