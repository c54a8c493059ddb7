package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gradients through the whole Q-Former by central differences of its own forward pass.
 *
 * <p>Modules compute in float32. The loss is of order 1 and rounded at 1e-6, which a step of 1e-2
 * turns into 1e-4 of slope. Each tensor is therefore moved along its gradient, where the loss
 * changes most, and the slope must be the gradient's length to one part in a hundred beyond that
 * rounding. Operations and attention are checked element by element in double elsewhere.
 */
@ExtendWith(InScope.class)
final class BertGradientTest {
  private static final double TOLERANCE = 0.01;
  private static final double ROUNDING = 1e-4;
  private static final double STEP = 1e-2;
  private static final int[][] KEEP = {{1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}};

  private final Random random = new Random(7);
  private final Map<String, Tensor> gradients = new TreeMap<>();
  private final Tensor[] inputs = new Tensor[2];
  private Params params;
  private BertModel bert;
  private Tensor ids;

  @BeforeEach
  void build(Scope scope) {
    params = NoisyWeights.params(scope, 3);
    bert = new BertModel(TinyBert.config(true), params);
    inputs[0] = NoisyWeights.tensor(random, 2, 4, TinyBert.DIM);
    inputs[1] = NoisyWeights.tensor(random, 2, 7, TinyBert.ENCODER_DIM);
    ids = Tensor.of(new long[] {3, 16, 5, 9, 2, 1, 8, 4, 0, 0}, 2, 5);
  }

  @Test
  void encodeQueries_gradients_agreeWithDifferences() {
    Tensor seed = NoisyWeights.tensor(random, 2, 4, TinyBert.DIM);
    params.all().values().forEach(Parameter::train);

    encodeQueries(leaf(0, "queries"), leaf(1, "image")).mul(seed).sum().backward();

    DoubleSupplier loss = () -> dot(encodeQueries(inputs[0], inputs[1]), seed);
    assertSlope("queries", inputs[0], gradients.get("queries"), loss);
    assertSlope("image", inputs[1], gradients.get("image"), loss);
    int reached = 0;
    for (Parameter parameter : params.all().values()) {
      if (parameter.gradient() != null && !isSoftmaxBlind(parameter)) {
        assertSlope(parameter.name(), parameter.value(), parameter.gradient(), loss);
        reached++;
      }
    }
    // The embeddings' norm, three layers of nine, two image attentions of nine, three perceptrons.
    assertEquals(2 + 3 * 9 + 2 * 9 + 3 * 6, reached);
  }

  @Test
  void encodeJoint_gradients_agreeWithDifferences() {
    Tensor seed = NoisyWeights.tensor(random, 2, 9, TinyBert.DIM);
    params.all().values().forEach(Parameter::train);

    encodeJoint(leaf(0, "queries"), leaf(1, "image")).mul(seed).sum().backward();

    DoubleSupplier loss = () -> dot(encodeJoint(inputs[0], inputs[1]), seed);
    assertSlope("queries", inputs[0], gradients.get("queries"), loss);
    assertSlope("image", inputs[1], gradients.get("image"), loss);
    for (String name :
        new String[] {
          "embeddings.words.weight",
          "embeddings.positions.weight",
          "embeddings.norm.weight",
          "layers.0.attention.query.weight",
          "layers.0.imageAttention.value.weight",
          "layers.0.textMlp.up.bias",
          "layers.1.attention.key.weight",
          "layers.2.textMlp.down.weight",
          "layers.2.queryMlp.norm.bias"
        }) {
      Parameter parameter = params.all().get(name);
      assertNotNull(parameter, name);
      assertSlope(name, parameter.value(), parameter.gradient(), loss);
    }
  }

  private Tensor encodeQueries(Tensor queries, Tensor image) {
    return bert.encodeQueries(queries, image, ForwardPass.evaluation());
  }

  private Tensor encodeJoint(Tensor queries, Tensor image) {
    return bert.encodeJoint(queries, ids, KEEP, image, ForwardPass.evaluation()).joined();
  }

  private Tensor leaf(int input, String name) {
    return inputs[input].leaf(g -> gradients.put(name, g));
  }

  /** A key's bias adds the same to every score of a row, which the softmax forgets. */
  private static boolean isSoftmaxBlind(Parameter parameter) {
    return parameter.name().endsWith("key.bias");
  }

  private static void assertSlope(
      String name, Tensor value, @Nullable Tensor gradient, DoubleSupplier loss) {
    assertNotNull(gradient, name);
    double length = Math.sqrt(dot(gradient, gradient));
    try (var off = GradMode.noGrad();
        var step = Scope.open()) {
      Tensor before = value.copy();
      Tensor move = gradient.mul(STEP / length);
      value.copyInPlace(before.add(move));
      double above = loss.getAsDouble();
      value.copyInPlace(before.sub(move));
      double below = loss.getAsDouble();
      value.copyInPlace(before);
      double slope = (above - below) / (2 * STEP);
      assertEquals(length, slope, TOLERANCE * length + ROUNDING, name);
    }
  }

  private static double dot(Tensor a, Tensor b) {
    double[] x = a.toDoubles();
    double[] y = b.toDoubles();
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }
}
