package io.github.blip2j.backend.nd4j;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.BackendProvider;
import io.github.blip2j.backend.Natives;

/** Provides the reference kernels, wherever ND4J runs on the CPU. */
public final class Nd4jProvider implements BackendProvider {
  /** Used by the service loader. */
  public Nd4jProvider() {}

  @Override
  public String name() {
    return "nd4j";
  }

  @Override
  public Support support() {
    Natives.prepare();
    String build = System.getProperty(Natives.EXTENSION, "");
    return new Support(1, "the reference, ND4J build " + (build.isEmpty() ? "plain" : build));
  }

  @Override
  public Backend create() {
    return Backend.onHost(name(), new Nd4jKernels());
  }
}
