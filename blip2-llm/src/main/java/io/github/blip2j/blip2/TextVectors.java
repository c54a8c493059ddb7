package io.github.blip2j.blip2;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.List;

/** Texts in the space of comparison. */
final class TextVectors {
  private final LoadedMatcher loaded;

  /** Calls run within the gate of {@code loaded}. */
  TextVectors(LoadedMatcher loaded) {
    this.loaded = loaded;
  }

  /** A unit vector, [P]. */
  float[] of(int[] text) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Blip2Qformer qformer = loaded.qformer();
      Tensor start = qformer.encodeTextStart(loaded.batch(List.of(text)), Pass.evaluation());
      return qformer.textFeature(start).toFloats(); // [1, P]
    }
  }
}
