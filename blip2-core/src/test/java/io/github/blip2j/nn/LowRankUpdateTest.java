package io.github.blip2j.nn;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** An updated map computes what a map with the product in its weight computes. */
@ExtendWith(InScope.class)
final class LowRankUpdateTest {
  private static final int IN = 5;
  private static final int OUT = 4;
  private static final int RANK = 2;
  private static final double SCALE = 1.5;

  private final LowRankDropout dropout = new LowRankDropout(0.5);
  private Tensor x;
  private Tensor residual;

  @BeforeEach
  void draw() {
    x = drawn(1, 3, IN);
    residual = drawn(2, 3, OUT);
  }

  private static Tensor drawn(long seed, long... shape) {
    return Init.normal(1).draw(Shape.of(shape), new SplittableRandom(seed));
  }

  private Params params() {
    return Params.root(Weights.random(new SplittableRandom(3)), Scope.detached());
  }

  private Parameter adapt(Params params, String map) {
    Parameter weight = requireNonNull(params.all().get(map + ".weight"));
    Shape shape = weight.value().shape();
    Parameter a =
        params.at(map).at("lora_A").get("weight", Shape.of(RANK, shape.dim(1)), Init.normal(1));
    Parameter b =
        params.at(map).at("lora_B").get("weight", Shape.of(shape.dim(0), RANK), Init.normal(1));
    weight.adapt(new LowRankUpdate(a, b, SCALE, dropout));
    return weight;
  }

  /** The same map with the product added to its weight by hand. */
  private static Linear merged(Parameter weight, Params other) {
    var plain = new Linear(IN, OUT, other.at("m"));
    requireNonNull(plain.parameters().get("weight")).value().copyInPlace(weight.value());
    LowRankUpdate update = requireNonNull(weight.update());
    float[] a = update.a().value().toFloats();
    float[] b = update.b().value().toFloats();
    float[] product = new float[OUT * IN];
    for (int i = 0; i < OUT; i++) {
      for (int j = 0; j < IN; j++) {
        for (int r = 0; r < RANK; r++) {
          product[i * IN + j] += (float) (SCALE * b[i * RANK + r] * a[r * IN + j]);
        }
      }
    }
    requireNonNull(plain.parameters().get("weight"))
        .value()
        .addInPlace(Tensor.of(product, OUT, IN));
    return plain;
  }

  @Test
  void forward_everyForm_equalsTheMergedMap() {
    Params params = params();
    var map = new Linear(IN, OUT, params.at("m"));
    Parameter weight = adapt(params, "m");
    Linear merged = merged(weight, params());

    assertClose(merged.forward(x), map.forward(x));
    assertClose(merged.forward(x, Activation.GELU), map.forward(x, Activation.GELU));
    assertClose(
        merged.forward(x, Activation.RELU, residual), map.forward(x, Activation.RELU, residual));
    var spec = new DropoutSpec(0.4, 9);
    assertClose(merged.forward(x, spec, residual), map.forward(x, spec, residual));
    assertClose(Linear.each(x, merged).get(0), Linear.each(x, map).get(0));
  }

  @Test
  void forward_packedMlp_equalsTheSumByHand() {
    Params params = params();
    var mlp = new Mlp(IN, 6, Activation.RELU, params.at("mlp").packed(Precision.BFLOAT16));
    Tensor before = mlp.forward(x, null);
    Tensor hidden = mlpHidden();
    Parameter down = adapt(params, "mlp.down");

    Tensor after = mlp.forward(x, null);

    LowRankUpdate update = requireNonNull(down.update());
    Tensor added =
        hidden
            .matmul(update.a().value().transpose())
            .matmul(update.b().value().transpose())
            .mul(SCALE);
    assertArrayEquals(before.add(added).toFloats(), after.toFloats(), 0.05f);
    assertNotEquals(before.toFloats()[0], after.toFloats()[0]);
  }

  /** The hidden layer of the same MLP, unpacked. */
  private Tensor mlpHidden() {
    Params params = params();
    new Mlp(IN, 6, Activation.RELU, params.at("mlp"));
    Tensor up = requireNonNull(params.all().get("mlp.up.weight")).value();
    Tensor bias = requireNonNull(params.all().get("mlp.up.bias")).value();
    return x.matmul(up.transpose()).add(bias).activate(Activation.RELU);
  }

  @Test
  void backward_factors_agreeWithFiniteDifferences() {
    Params params = params();
    var map = new Linear(IN, OUT, params.at("m"));
    LowRankUpdate update = requireNonNull(adapt(params, "m").update());
    update.a().train();
    update.b().train();

    map.forward(x, Activation.GELU, residual).mul(residual).sum().backward();

    for (Parameter factor : List.of(update.a(), update.b())) {
      float[] gradient = requireNonNull(factor.gradient()).toFloats();
      Tensor value = factor.value().detach();
      for (int i = 0; i < gradient.length; i++) {
        float[] step = new float[gradient.length];
        step[i] = 1e-2f;
        value.addInPlace(Tensor.of(step, value.shape().toArray()));
        double above = loss(map);
        step[i] = -2e-2f;
        value.addInPlace(Tensor.of(step, value.shape().toArray()));
        double below = loss(map);
        step[i] = 1e-2f;
        value.addInPlace(Tensor.of(step, value.shape().toArray()));
        assertEquals((above - below) / 2e-2, gradient[i], 5e-3, factor.name() + "[" + i + "]");
      }
    }
  }

  private double loss(Linear map) {
    return map.forward(x, Activation.GELU, residual).mul(residual).sum().item();
  }

  @Test
  void forward_dropout_isThatOfThePassAndOffInEvaluation() {
    Params params = params();
    var map = new Linear(IN, OUT, params.at("m"));
    adapt(params, "m");
    float[] without = map.forward(x).toFloats();

    dropout.begin(ForwardPass.training(new SplittableRandom(1)));
    float[] first = map.forward(x).toFloats();
    float[] again = map.forward(x).toFloats();
    dropout.begin(ForwardPass.training(new SplittableRandom(2)));
    float[] other = map.forward(x).toFloats();
    dropout.begin(ForwardPass.evaluation());

    assertArrayEquals(first, again); // as when it is recomputed
    assertNotEquals(List.of(first[0], first[1]), List.of(other[0], other[1]));
    assertNotEquals(List.of(first[0], first[1]), List.of(without[0], without[1]));
    assertArrayEquals(without, map.forward(x).toFloats());
  }

  @Test
  void adapt_otherParameters_areRefused() {
    Params params = params();
    new Linear(IN, OUT, params.at("m"));
    Parameter weight = adapt(params, "m");
    LowRankUpdate update = requireNonNull(weight.update());
    Map<String, Parameter> all = params.all();

    assertThrows(IllegalStateException.class, () -> weight.adapt(update)); // twice
    Parameter bias = requireNonNull(all.get("m.bias"));
    assertThrows(IllegalStateException.class, () -> bias.adapt(update));
    new Linear(IN, OUT + 1, params.at("n"));
    Parameter other = requireNonNull(all.get("n.weight"));
    assertThrows(ShapeMismatchException.class, () -> other.adapt(update));
  }

  private static void assertClose(Tensor expected, Tensor got) {
    assertArrayEquals(expected.toFloats(), got.toFloats(), 2e-5f);
  }
}
