package io.github.blip2j.backend.nd4j;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.Natives;

/** Offers the reference kernels, which run wherever ND4J does. */
public final class Nd4jProvider implements Kernels.Provider {
  /** For the service loader. */
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
