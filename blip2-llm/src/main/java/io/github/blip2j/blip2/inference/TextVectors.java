package io.github.blip2j.blip2.inference;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.List;

/** Texts in the space of comparison. */
public final class TextVectors {
  private final MatchingSession loaded;

  /** Calls run within the gate of {@code loaded}. */
  public TextVectors(MatchingSession loaded) {
    this.loaded = loaded;
  }

  /** A unit vector, [P]. */
  public float[] of(int[] text) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Blip2Qformer qformer = loaded.qformer();
      Tensor start = qformer.encodeTextStart(loaded.batch(List.of(text)), ForwardPass.evaluation());
      return qformer.textFeature(start).toFloats(); // [1, P]
    }
  }
}
