package io.github.blip2j.tensor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What every {@link Kernels} must compute: each method, forward and gradient, against plain loops
 * in double, in both types and on sizes that are odd, single, or just beside a block.
 *
 * <p>A provider's test extends this class and returns its kernels.
 */
public abstract class KernelsConformance
    implements MatrixConformance,
        AttentionConformance,
        NormConformance,
        ElementConformance,
        LookupConformance {
  private Scope scope = Scope.detached();

  /** For the subclass. */
  protected KernelsConformance() {}

  /** The kernels under test. */
  @Override
  public abstract Kernels kernels();

  @BeforeEach
  final void openScope() {
    scope = Scope.open();
  }

  @AfterEach
  final void closeScope() {
    scope.close();
  }
}
