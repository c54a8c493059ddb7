package io.github.blip2j.onednn;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.Disguise;
import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.KernelsConformance;
import io.github.blip2j.tensor.OnBackend;

/** oneDNN's kernels behind a memory that Java cannot read. */
final class DisguisedOneDnnTest extends KernelsConformance implements OnBackend {
  @Override
  public Kernels kernels() {
    return backend().kernels();
  }

  @Override
  public Backend backend() {
    return Disguise.of(Backend.of("onednn"));
  }
}
