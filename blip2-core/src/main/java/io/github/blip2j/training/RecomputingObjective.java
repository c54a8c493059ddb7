package io.github.blip2j.training;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Tensor;
import java.util.Map;

/** An objective whose layers are computed again in the backward pass. */
record RecomputingObjective<B extends Batch>(Objective<B> own) implements Objective<B> {
  @Override
  public Losses losses(B batch, ForwardPass pass) {
    return own.losses(batch, pass.withGradientCheckpointing());
  }

  @Override
  public Map<String, Tensor> state() {
    return own.state();
  }

  @Override
  public Map<String, String> constants() {
    return own.constants();
  }

  @Override
  public Map<String, String> settings() {
    return own.settings();
  }

  @Override
  public Objective<B> withGradientCheckpointing() {
    return this;
  }
}
