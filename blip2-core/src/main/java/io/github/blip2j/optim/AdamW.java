package io.github.blip2j.optim;

import io.github.blip2j.backend.AdamWRule;
import java.util.List;
import java.util.Map;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), as in {@code torch.optim.AdamW}:
 * in float32, with the decay before the step and bias correction of both means.
 *
 * <p>It keeps eight bytes for each trained number, the means {@code m} of gradients and {@code v}
 * of their squares. A parameter without a gradient is not updated or decayed, and steps are counted
 * for each parameter.
 */
public final class AdamW extends GroupedOptimizer {
  private final AdamWRule rule;

  /**
   * An optimiser that has taken no step.
   *
   * @throws IllegalArgumentException if there is no parameter, or one is frozen or in two groups
   */
  public AdamW(List<ParameterGroup> groups, AdamWRule rule) {
    super("adamW", groups, "m", "v");
    this.rule = rule;
  }

  @Override
  public Map<String, Double> constants() {
    return Map.of("beta1", rule.beta1(), "beta2", rule.beta2(), "eps", rule.eps());
  }

  /** A step is at most about as long as the rate in each number. */
  @Override
  public boolean keepsFinite(double lr) {
    return lr <= 1;
  }

  @Override
  protected void update(ParameterUpdate it) {
    var step = new AdamWRule.Step(it.number(), it.lr(), it.weightDecay(), it.gradientScale());
    it.value().adamWInPlace(rule, step, it.rawGradient(), it.state("m"), it.state("v"));
  }
}
