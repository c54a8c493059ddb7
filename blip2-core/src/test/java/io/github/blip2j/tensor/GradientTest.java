package io.github.blip2j.tensor;

import io.github.blip2j.backend.Loops;
import io.github.blip2j.backend.Samples;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every differentiable operation against finite differences, relative tolerance 1e-6. */
@ExtendWith(InScope.class)
final class GradientTest {
  private final Samples samples = new Samples(DType.FLOAT64);

  private Tensor normal(long... shape) {
    return samples.tensor(samples.normal(shape), shape);
  }

  private Tensor positive(long... shape) {
    return samples.tensor(Loops.map(samples.normal(shape), v -> 0.5 + Math.abs(v)), shape);
  }

  private static void check(Function<List<Tensor>, Tensor> f, Tensor... inputs) {
    GradCheck.check(f, inputs);
  }

  @Test
  void arithmetic_sameShapes_agrees() {
    check(in -> in.get(0).add(in.get(1)), normal(3, 4), normal(3, 4));
    check(in -> in.get(0).sub(in.get(1)), normal(3, 4), normal(3, 4));
    check(in -> in.get(0).mul(in.get(1)), normal(3, 4), normal(3, 4));
    check(in -> in.get(0).div(in.get(1)), normal(3, 4), positive(3, 4));
    check(in -> in.get(0).mul(-2.5).add(0.5), normal(3, 4));
  }

  @Test
  void arithmetic_broadcastShapes_sumsOverWhatWasStretched() {
    long[][][] pairs = {
      {{2, 3, 4}, {4}},
      {{2, 3, 4}, {3, 1}},
      {{2, 3, 4}, {2, 1, 1}},
      {{3, 1}, {1, 5}},
      {{2, 3}, {}},
      {{5}, {2, 1, 1}},
      {{1}, {3}}
    };
    for (long[][] pair : pairs) {
      check(in -> in.get(0).add(in.get(1)), normal(pair[0]), normal(pair[1]));
      check(in -> in.get(0).sub(in.get(1)), normal(pair[0]), normal(pair[1]));
      check(in -> in.get(0).mul(in.get(1)), normal(pair[0]), normal(pair[1]));
      check(in -> in.get(0).div(in.get(1)), normal(pair[0]), positive(pair[1]));
    }
  }

  @Test
  void functions_ofOneTensor_agree() {
    check(in -> in.get(0).exp(), normal(3, 5));
    check(in -> in.get(0).log(), positive(3, 5));
    check(in -> in.get(0).sqrt(), positive(3, 5));
    check(in -> in.get(0).tanh(), normal(3, 5));
  }

  @Test
  void dropout_sameSeed_agrees() {
    DropoutSpec thinning = new DropoutSpec(0.3, 7);

    check(in -> in.get(0).dropout(thinning), samples.tensor(samples.normal(20), 4, 5));
  }

  @Test
  void linearWithDropout_allInputs_agrees() {
    DropoutSpec thinning = new DropoutSpec(0.4, 8);

    check(
        in -> in.get(0).linear(in.get(1), in.get(2), thinning, in.get(3)),
        samples.tensor(samples.normal(12), 2, 2, 3),
        samples.tensor(samples.normal(15), 5, 3),
        samples.tensor(samples.normal(5), 5),
        samples.tensor(samples.normal(20), 2, 2, 5));
  }

  @Test
  void linearWithDropout_withoutBias_agrees() {
    DropoutSpec thinning = new DropoutSpec(0.4, 8);

    check(
        in -> in.get(0).linear(in.get(1), null, thinning, in.get(2)),
        samples.tensor(samples.normal(12), 2, 2, 3),
        samples.tensor(samples.normal(15), 5, 3),
        samples.tensor(samples.normal(20), 2, 2, 5));
  }

  @Test
  void attentionWithDropout_allInputs_agrees() {
    DropoutSpec thinning = new DropoutSpec(0.4, 9);

    check(
        in -> in.get(0).attention(in.get(1), in.get(2), 0.5, null, thinning),
        samples.tensor(samples.normal(24), 2, 3, 2, 2),
        samples.tensor(samples.normal(40), 2, 5, 2, 2),
        samples.tensor(samples.normal(40), 2, 5, 2, 2));
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void activate_awayFromKinks_agrees(Activation activation) {
    double[] x = Loops.map(samples.normal(4, 9), v -> v + 0.01 * Math.signum(v));

    check(in -> in.get(0).activate(activation), samples.tensor(x, 4, 9));
    check(in -> in.get(0).transpose().activate(activation), samples.tensor(x, 4, 9));
  }

  @Test
  void reductions_everyAxis_agree() {
    check(in -> in.get(0).sum(), normal(2, 3, 4));
    check(in -> in.get(0).mean(), normal(2, 3, 4));
    for (int axis = -3; axis < 3; axis++) {
      int a = axis;
      check(in -> in.get(0).sum(a), normal(2, 3, 4));
      check(in -> in.get(0).mean(a), normal(2, 3, 4));
      check(in -> in.get(0).permute(2, 0, 1).sum(a), normal(2, 3, 4));
    }
  }

  @Test
  void views_agree() {
    check(in -> in.get(0).reshape(4, -1), normal(2, 3, 4));
    check(in -> in.get(0).permute(2, 0, 1).reshape(8, 3), normal(2, 3, 4));
    check(in -> in.get(0).permute(1, 2, 0), normal(2, 3, 4));
    check(in -> in.get(0).transpose(), normal(2, 3, 4));
    check(in -> in.get(0).transpose(0, 2).mul(in.get(0).transpose(0, 2)), normal(2, 3, 4));
    check(in -> in.get(0).narrow(1, 1, 2), normal(2, 3, 4));
    check(in -> in.get(0).transpose().narrow(-1, 0, 2), normal(2, 3, 4));
    check(in -> in.get(0).select(0, 1), normal(2, 3, 4));
    check(in -> in.get(0).select(-1, 3), normal(2, 3, 4));
    check(in -> in.get(0).expand(5, 2, 3, 4), normal(2, 1, 4));
    check(in -> in.get(0).copy(), normal(2, 3));
  }

  @Test
  void concat_everyAxis_agrees() {
    check(in -> Tensor.concat(1, in), normal(2, 3, 4), normal(2, 1, 4), normal(2, 2, 4));
    check(in -> Tensor.concat(-1, in), normal(2, 3), normal(2, 0), normal(2, 5));
    check(in -> Tensor.concat(0, List.of(in.get(0), in.get(0).transpose())), normal(3, 3));
  }

  @Test
  void matmul_batchesAndBroadcasts_agrees() {
    check(in -> in.get(0).matmul(in.get(1)), normal(3, 4), normal(4, 5));
    check(in -> in.get(0).matmul(in.get(1)), normal(2, 3, 4), normal(2, 4, 5));
    check(in -> in.get(0).matmul(in.get(1)), normal(2, 3, 4), normal(4, 5));
    check(in -> in.get(0).matmul(in.get(1)), normal(3, 1, 2, 4), normal(2, 4, 1));
    check(in -> in.get(0).matmul(in.get(1).transpose()), normal(1, 4), normal(5, 4));
    check(in -> in.get(0).transpose().matmul(in.get(0)), normal(2, 4, 3));
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void linear_everyArgument_agrees(Activation activation) {
    check(
        in -> in.get(0).linear(in.get(1), in.get(2), activation, in.get(3)),
        normal(2, 3, 4),
        normal(5, 4),
        normal(5),
        normal(2, 3, 5));
  }

  @Test
  void linear_fewerArguments_agrees() {
    Tensor weight = normal(5, 4);
    Tensor x = normal(3, 4);
    check(in -> in.get(0).linear(in.get(1), null), normal(3, 4), normal(5, 4));
    check(in -> in.get(0).linear(weight, null), normal(12, 4));
    check(in -> x.linear(weight, in.get(0)), normal(5));
    check(in -> x.linear(weight, null, Activation.GELU, in.get(0)), normal(3, 5));
    check(in -> in.get(0).linear(in.get(1), null), normal(4), normal(2, 4));
    check(
        in -> in.get(0).transpose().linear(in.get(1).transpose(), null),
        normal(4, 3),
        normal(4, 5));
  }

  @Test
  void attention_withAndWithoutMask_agrees() {
    Tensor mask = normal(2, 1, 1, 5);
    Tensor blocked = samples.tensor(new double[] {0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0}, 3, 3);

    check(
        in -> in.get(0).attention(in.get(1), in.get(2), 0.7, null),
        normal(2, 3, 2, 4),
        normal(2, 5, 2, 4),
        normal(2, 5, 2, 4));
    check(
        in -> in.get(0).attention(in.get(1), in.get(2), 0.7, mask),
        normal(2, 3, 2, 4),
        normal(2, 5, 2, 4),
        normal(2, 5, 2, 4));
    check(in -> in.get(0).attention(in.get(0), in.get(0), 0.7, blocked), normal(1, 3, 2, 4));
    check(
        in ->
            in.get(0)
                .select(2, 0)
                .attention(in.get(0).select(2, 1), in.get(0).select(2, 2), 0.7, null),
        normal(2, 3, 3, 2, 4));
  }

  @Test
  void attention_onlySomeInputsRecorded_agrees() {
    Tensor x = normal(2, 3, 2, 4);
    check(in -> x.attention(in.get(0), x, 0.7, null), normal(2, 3, 2, 4));
    check(in -> x.attention(x, in.get(0), 0.7, null), normal(2, 3, 2, 4));
    check(
        in -> in.get(0).attention(x, in.get(1), 0.7, null), normal(2, 3, 2, 4), normal(2, 3, 2, 4));
  }

  @Test
  void norms_everyArgument_agrees() {
    check(
        in -> in.get(0).layerNorm(in.get(1), in.get(2), 1e-3),
        normal(2, 3, 7),
        normal(7),
        normal(7));
    check(in -> in.get(0).rmsNorm(in.get(1), 1e-3), normal(2, 3, 7), normal(7));
    Tensor x = normal(2, 7);
    check(in -> x.layerNorm(in.get(0), in.get(1), 1e-3), normal(7), normal(7));
    check(in -> x.rmsNorm(in.get(0), 1e-3), normal(7));
    check(in -> in.get(0).transpose().rmsNorm(in.get(1), 1e-3), normal(7, 2), normal(7));
  }

  @Test
  void softmax_agrees() {
    check(in -> in.get(0).softmax(), normal(2, 3, 5));
    check(in -> in.get(0).transpose().softmax(), normal(3, 5));
    check(in -> in.get(0).logSoftmax(), normal(2, 3, 5));
  }

  @Test
  void gather_ofRowsWithAxes_sumsTheirGradients() {
    Tensor ids = Tensor.of(new long[] {3, 0, 3, 2, 2, 3}, 2, 3);

    check(in -> in.get(0).gather(ids), normal(5, 4, 2));
    normal(5, 4, 2).gather(ids).shape().require("test", "rows", 2, 3, 4, 2);
  }

  @Test
  void gather_repeatedIds_sumsTheirGradients() {
    Tensor ids = Tensor.of(new long[] {3, 0, 3, 3, 1, 0}, 2, 3);

    check(in -> in.get(0).gather(ids), normal(5, 4));
  }

  @Test
  void crossEntropy_smoothingAndIgnoredRows_agrees() {
    Tensor labels = Tensor.of(new long[] {2, -100, 0, 4}, 4);

    check(in -> in.get(0).crossEntropy(labels, 0), normal(4, 5));
    check(in -> in.get(0).crossEntropy(labels, 0.1), normal(4, 5));
    check(in -> in.get(0).transpose().crossEntropy(labels, 0.1).sum(), normal(5, 4));
  }

  @Test
  void graph_valueUsedTwice_addsBothPaths() {
    check(
        in -> {
          Tensor h = in.get(0).tanh();
          return h.mul(h.exp()).add(h.sum(0)).mul(in.get(0));
        },
        normal(3, 4));
  }

  @Test
  void graph_block_agrees() {
    check(
        in -> {
          Tensor x = in.get(0);
          Tensor h = x.layerNorm(in.get(1), in.get(2), 1e-3);
          Tensor heads = h.linear(in.get(3), null).reshape(2, 3, 2, 2);
          Tensor mixed = heads.attention(heads, heads, 0.7, null).reshape(2, 3, 4);
          return mixed.linear(in.get(3), in.get(2), Activation.GELU, x).mean();
        },
        normal(2, 3, 4),
        normal(4),
        normal(4),
        normal(4, 4));
  }
}
