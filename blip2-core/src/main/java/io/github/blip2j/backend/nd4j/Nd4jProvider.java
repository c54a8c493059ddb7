package io.github.blip2j.backend.nd4j;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.Natives;

/** Provides the reference kernels, wherever ND4J runs. */
public final class Nd4jProvider implements Kernels.Provider {
  /** Used by the service loader. */
  public Nd4jProvider() {}

  @Override
  public String name() {
    return "nd4j";
  }

  @Override
  public Kernels.Support support() {
    Natives.prepare();
    String build = System.getProperty(Natives.EXTENSION, "");
    return new Kernels.Support(
        1, "the reference, ND4J build " + (build.isEmpty() ? "plain" : build));
  }

  @Override
  public Kernels create() {
    return new Nd4jKernels();
  }
}
