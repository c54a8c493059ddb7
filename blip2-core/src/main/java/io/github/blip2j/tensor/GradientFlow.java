package io.github.blip2j.tensor;

import io.github.blip2j.autograd.Node;
import io.github.blip2j.backend.Storage;
import java.util.HashMap;
import java.util.Map;

/**
 * The gradients of one backward pass and their memory. A gradient is released as soon as every node
 * that needs it has been visited, so a pass works in few blocks, which stay in the caches.
 *
 * <p>Only memory of the pass itself is released or changed: derivatives may return their argument,
 * views of it, and tensors of the caller.
 */
final class GradientFlow implements Node.Flow<Tensor> {
  private final Scope scope;
  private final Map<Storage, Integer> holders = new HashMap<>();

  /** A pass that runs in {@code scope}, its innermost. */
  GradientFlow(Scope scope) {
    this.scope = scope;
  }

  @Override
  public void hold(Tensor gradient) {
    holders.merge(gradient.storage(), 1, Integer::sum);
  }

  @Override
  public void release(Tensor gradient) {
    Storage storage = gradient.storage();
    Integer left = holders.computeIfPresent(storage, (key, count) -> count == 1 ? null : count - 1);
    if (left == null) {
      scope.release(gradient); // a tensor of another scope stays
    }
  }

  @Override
  public boolean isShared(Tensor gradient) {
    Storage storage = gradient.storage();
    return !scope.owns(gradient) || holders.getOrDefault(storage, 0) > 1;
  }

  @Override
  public Tensor add(Tensor a, Tensor b) {
    if (isWritable(a)) {
      a.addInPlace(b);
      release(b);
      return a;
    }
    Tensor sum = a.add(b);
    hold(sum);
    release(a);
    release(b);
    return sum;
  }

  /**
   * Whether a gradient may be changed in place: no other node needs it, and it is dense, so no
   * element is repeated.
   */
  private boolean isWritable(Tensor gradient) {
    return !isShared(gradient) && gradient.isDense();
  }
}
