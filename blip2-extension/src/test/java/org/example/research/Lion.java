package org.example.research;

import io.github.blip2j.optim.GroupedOptimizer;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.ParameterUpdate;
import io.github.blip2j.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** The sign of a mean of gradients, with decoupled weight decay (Chen et al. 2023, algorithm 2). */
final class Lion extends GroupedOptimizer {
  private final double beta1;
  private final double beta2;

  Lion(List<ParameterGroup> groups, double beta1, double beta2) {
    super("lion", groups, "m");
    this.beta1 = beta1;
    this.beta2 = beta2;
  }

  @Override
  public Map<String, Double> constants() {
    return Map.of("beta1", beta1, "beta2", beta2);
  }

  @Override
  protected void update(ParameterUpdate it) {
    Tensor g = it.gradient();
    Tensor m = it.state("m");
    Tensor direction = m.mul(beta1).add(g.mul(1 - beta1)).sign();
    it.value().scaleInPlace(1 - it.lr() * it.weightDecay());
    it.value().addInPlace(direction.mul(-it.lr()));
    m.scaleInPlace(beta2);
    m.addInPlace(g.mul(1 - beta2));
  }
}
