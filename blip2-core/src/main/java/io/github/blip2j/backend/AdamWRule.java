package io.github.blip2j.backend;

/**
 * The constants of AdamW (Loshchilov and Hutter 2019, algorithm 2).
 *
 * @param beta1 decay of the running mean of gradients
 * @param beta2 decay of the running mean of their squares
 * @param eps added to the denominator, so that a step stays finite where gradients were zero
 */
public record AdamWRule(double beta1, double beta2, double eps) {
  /** PyTorch's defaults, which all published BLIP-2 recipes use. */
  public static final AdamWRule DEFAULT = new AdamWRule(0.9, 0.999, 1e-8);

  /** Checks them. */
  public AdamWRule {
    requireBelowOne("beta1", beta1);
    requireBelowOne("beta2", beta2);
    if (!(eps > 0 && eps < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("adamW: eps expected positive and finite, got " + eps);
    }
  }

  /** These constants with another {@code beta2}; the BLIP-2 paper states 0.98. */
  public AdamWRule withBeta2(double newBeta2) {
    return new AdamWRule(beta1, newBeta2, eps);
  }

  /**
   * One step of one parameter.
   *
   * @param number the number of this step for the parameter, from 1
   * @param lr learning rate
   * @param weightDecay decoupled weight decay, to be multiplied by the learning rate
   * @param gradientScale a factor of the gradient, as for clipping
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
