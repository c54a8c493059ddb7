package io.github.blip2j.blip2.inference;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.List;

/** Embeddings of texts. */
public final class TextVectors {
  private final MatchingSession session;

  /** Calls run while {@code session} is held open. */
  public TextVectors(MatchingSession session) {
    this.session = session;
  }

  /** The embedding of a text: a unit vector, [P]. */
  public float[] of(int[] text) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open(session.backend())) {
      Blip2Qformer qformer = session.qformer();
      Tensor start =
          qformer.encodeTextStart(session.batch(List.of(text)), ForwardPass.evaluation());
      return qformer.textFeature(start).toFloats(); // [1, P]
    }
  }
}
