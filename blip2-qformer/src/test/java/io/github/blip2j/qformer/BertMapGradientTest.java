package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Gradients of attention maps by central differences: a map is moved along its gradient on its way
 * through the model, and the loss must change by the gradient's length.
 */
@ExtendWith(InScope.class)
final class BertMapGradientTest {
  private static final double STEP = 1e-2;
  private static final int[][] KEEP = {{1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}};

  private final Random random = new Random(7);
  private BertModel bert;
  private Tensor queries;
  private Tensor image;
  private Tensor ids;
  private Tensor seed;

  @BeforeEach
  void build(Scope scope) {
    bert = new BertModel(TinyBert.config(true), NoisyWeights.params(scope, 3));
    queries = NoisyWeights.tensor(random, 2, 4, TinyBert.DIM);
    image = NoisyWeights.tensor(random, 2, 7, TinyBert.ENCODER_DIM);
    ids = Tensor.of(new long[] {3, 16, 5, 9, 2, 1, 8, 4, 0, 0}, 2, 5);
    seed = NoisyWeights.tensor(random, 2, 4, TinyBert.DIM);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "layers.0.imageAttention",
        "layers.2.imageAttention",
        "layers.0.attention",
        "layers.1.attention",
        "layers.2.attention"
      })
  void gradient_ofAMap_agreesWithDifferences(String path) {
    var gradients = new Gradients();
    loss(ForwardPass.evaluation().observedBy(gradients)).backward();
    Tensor gradient = gradients.of(path);
    double length = Math.sqrt(gradient.mul(gradient).sum().item());

    double above = moved(path, gradient.mul(STEP / length));
    double below = moved(path, gradient.mul(-STEP / length));

    assertEquals(length, (above - below) / (2 * STEP), 0.02 * length + 1e-3);
  }

  private double moved(String path, Tensor move) {
    try (var off = GradMode.noGrad()) {
      return loss(ForwardPass.evaluation().observedBy(new Moving(path, move))).item();
    }
  }

  private Tensor loss(ForwardPass pass) {
    @Nullable Tensor seen = bert.encodeJoint(queries, ids, KEEP, image, pass).queries();
    assertNotNull(seen);
    return seen.mul(seed).sum();
  }

  private static final class Gradients implements ForwardPass.Observer {
    private final Map<String, float[]> byPath = new TreeMap<>();
    private final Map<String, long[]> shapes = new TreeMap<>();

    Tensor of(String path) {
      float[] values = byPath.get(path);
      long[] shape = shapes.get(path);
      assertNotNull(values, () -> path + " expected among " + byPath.keySet());
      assertNotNull(shape);
      return Tensor.of(values, shape);
    }

    @Override
    public boolean wantsAttentionGradient() {
      return true;
    }

    @Override
    public void attentionGradient(String path, Tensor gradient) {
      byPath.put(path, gradient.toFloats());
      shapes.put(path, gradient.shape().toArray());
    }
  }

  /** Changes a map on its way, which nothing but such a test should. */
  private record Moving(String path, Tensor move) implements ForwardPass.Observer {
    @Override
    public boolean wantsAttention() {
      return true;
    }

    @Override
    public void attention(String where, Tensor weights) {
      if (where.equals(path)) {
        weights.addInPlace(move);
      }
    }
  }
}
