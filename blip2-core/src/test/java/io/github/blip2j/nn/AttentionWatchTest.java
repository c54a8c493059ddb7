package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Attention to a context read beforehand, and the gradients of attention maps. */
@ExtendWith(InScope.class)
final class AttentionWatchTest {
  private final Random random = new Random(8);
  private Attention attention;
  private Tensor x;
  private Tensor context;

  @BeforeEach
  void build(Scope scope) {
    Params params = NoisyWeights.params(scope, 3).at("cross");
    attention = Attention.of(Attention.Config.cross(6, 5, 2), params);
    x = NoisyWeights.tensor(random, 2, 3, 6);
    context = NoisyWeights.tensor(random, 2, 4, 5);
  }

  @Test
  void mix_withContextReadBefore_isTheSame() {
    Mask mask = Mask.padding(new int[][] {{1, 1, 1, 0}, {1, 1, 1, 1}});
    AttentionOptions how = AttentionOptions.of(ForwardPass.evaluation());

    Tensor direct = attention.attend(x, context, mask, how);
    Tensor read = attention.attend(x, attention.keyValues(context, mask), how);
    Tensor swapped = attention.attend(x, attention.keyValues(rows(context), mask).rows(1, 0), how);

    Golden.assertClose("read", direct.toFloats(), read.toFloats(), 0);
    Tensor expected = attention.attend(x, context, mask.rows(1, 0), how);
    Golden.assertClose("rows", expected.toFloats(), swapped.toFloats(), 1e-6);
  }

  @Test
  void mix_keysOfAnotherBatch_areRefused() {
    KeyValues one = attention.keyValues(context, Mask.none()).rows(0);
    AttentionOptions how = AttentionOptions.of(ForwardPass.evaluation());

    var e =
        Assertions.assertThrows(ShapeMismatchException.class, () -> attention.attend(x, one, how));

    assertEquals("cross: keys expected [2, ?, 2, 3], got [1, 4, 2, 3]", e.getMessage());
  }

  @Test
  void keyValues_ofDifferentShapes_areRefused() {
    Tensor k = NoisyWeights.tensor(random, 1, 2, 3, 4);
    Tensor v = NoisyWeights.tensor(random, 1, 2, 3, 5);

    var e =
        Assertions.assertThrows(
            ShapeMismatchException.class, () -> new KeyValues(k, v, Mask.none()));

    assertEquals("attention: values expected [1, 2, 3, 4], got [1, 2, 3, 5]", e.getMessage());
  }

  @Test
  void mapGradient_ofFrozenAndOfRecordedInputs_isThatOfTheProduct() {
    Tensor seed = NoisyWeights.tensor(random, 2, 3, 6);
    // y = P V, so that dL/dP = S V^T for the loss L = sum(S y).
    Tensor v = attention.keyValues(context, Mask.none()).values().transpose(1, 2); // [B, H, S, D]
    float[] expected = seed.reshape(2, 3, 2, 3).transpose(1, 2).matmul(v.transpose()).toFloats();

    for (Tensor input : new Tensor[] {x, x.leaf(g -> {})}) {
      var watcher = new Watcher();
      AttentionOptions how = AttentionOptions.of(ForwardPass.evaluation().observedBy(watcher));
      attention.attend(input, context, Mask.none(), how).mul(seed).sum().backward();

      assertEquals("cross", watcher.path);
      Golden.assertClose("gradient", expected, seen(watcher), 1e-5);
    }
  }

  @Test
  void mapGradient_underNoGrad_recordsNothing() {
    AttentionOptions how = AttentionOptions.of(ForwardPass.evaluation().observedBy(new Watcher()));

    try (var off = GradMode.noGrad()) {
      assertFalse(attention.attend(x, context, Mask.none(), how).requiresGrad());
    }
  }

  private static Tensor rows(Tensor tensor) {
    return tensor.gather(Tensor.ids(1, 0));
  }

  private static float[] seen(Watcher watcher) {
    assertNotNull(watcher.gradient);
    return watcher.gradient;
  }

  private static final class Watcher implements ForwardPass.Observer {
    private String path = "";
    private float @Nullable [] gradient;

    @Override
    public boolean wantsAttentionGradient() {
      return true;
    }

    @Override
    public void attentionGradient(String where, Tensor g) {
      path = where;
      gradient = g.toFloats();
    }
  }
}
