package io.github.blip2j.backend;

/**
 * The constants of AdamW (Loshchilov and Hutter 2019, algorithm 2).
 *
 * @param beta1 decay of the running mean of gradients
 * @param beta2 decay of the running mean of their squares
 * @param eps what keeps a step finite where gradients were zero
 */
public record AdamWRule(double beta1, double beta2, double eps) {
  /** PyTorch's, and those of every BLIP-2 recipe that was released. */
  public static final AdamWRule DEFAULT = new AdamWRule(0.9, 0.999, 1e-8);

  /** Checks them. */
  public AdamWRule {
    requireBelowOne("beta1", beta1);
    requireBelowOne("beta2", beta2);
    if (!(eps > 0 && eps < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("adamW: eps expected positive and finite, got " + eps);
    }
  }

  /** These constants with another {@code beta2}; the paper says 0.98. */
  public AdamWRule withBeta2(double newBeta2) {
    return new AdamWRule(beta1, newBeta2, eps);
  }

  /**
   * One step of one parameter.
   *
   * @param number how many steps the parameter has taken with this one, from 1
   * @param lr learning rate
   * @param weightDecay what the parameter loses of itself, times the learning rate
   * @param gradientScale what the gradient is multiplied by first, as clipping does
   */
  public record Step(long number, double lr, double weightDecay, double gradientScale) {
    /** Checks them. */
    public Step {
      if (number < 1) {
        throw new IllegalArgumentException("adamW: number expected at least 1, got " + number);
      }
    }
  }

  private static void requireBelowOne(String name, double beta) {
    if (!(beta >= 0 && beta < 1)) {
      throw new IllegalArgumentException("adamW: " + name + " expected in [0, 1), got " + beta);
    }
  }
}
