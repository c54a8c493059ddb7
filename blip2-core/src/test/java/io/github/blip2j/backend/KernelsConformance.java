package io.github.blip2j.backend;

import io.github.blip2j.tensor.InScope;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every {@link Kernels} must compute: each method, forward and gradient, against plain loops
 * in double, in both types and on sizes that are odd, single, or just beside a block.
 *
 * <p>A provider's test extends this class and returns its kernels.
 */
@ExtendWith(InScope.class)
public abstract class KernelsConformance
    implements MatrixConformance,
        AttentionConformance,
        NormConformance,
        ElementConformance,
        DropoutConformance,
        LookupConformance,
        OptimizerConformance,
        SimilarityConformance,
        ViewConformance {
  /** For the subclass. */
  protected KernelsConformance() {}

  /** The kernels under test. */
  @Override
  public abstract Kernels kernels();
}
