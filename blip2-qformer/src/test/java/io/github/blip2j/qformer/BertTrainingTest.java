package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.golden.ConfigText;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a Q-Former keeps while it is trained, with dropout, in sixteen layers. */
@ExtendWith(InScope.class)
final class BertTrainingTest {
  private static final int[][] KEEP = {{1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}};

  private final Random random = new Random(7);
  private Params params;
  private BertModel bert;
  private Tensor queries;
  private Tensor image;
  private Tensor ids;

  @BeforeEach
  void build(Scope scope) throws IOException {
    String json =
        """
        {"hidden_size": 12, "num_hidden_layers": 16, "num_attention_heads": 3,
         "intermediate_size": 20, "cross_attention_frequency": 2, "vocab_size": 17,
         "max_position_embeddings": 6, "use_qformer_text_input": true}
        """;
    BertConfig config = BertConfig.fromJson(ConfigText.of(json), TinyBert.ENCODER_DIM);
    params = NoisyWeights.params(scope, 3);
    bert = new BertModel(config, params.at("qformer"));
    params.all().values().forEach(Parameter::train);
    queries = NoisyWeights.tensor(random, 2, 4, TinyBert.DIM);
    image = NoisyWeights.tensor(random, 2, 7, TinyBert.ENCODER_DIM);
    ids = Tensor.of(new long[] {3, 16, 5, 9, 2, 1, 8, 4, 0, 0}, 2, 5);
  }

  /** One step: the loss, every gradient, and the memory in use when the last one is there. */
  private record Step(double loss, Map<String, double[]> gradients, long bytes) {}

  private Step step(ForwardPass pass) {
    params.all().values().forEach(Parameter::clearGradient);
    Map<String, double[]> gradients = new TreeMap<>();
    try (var step = Scope.open()) {
      long before = TensorMemory.usedBytes();
      long[] after = new long[1];
      // The queries are the first leaf of all: their gradient comes last.
      Tensor asking =
          queries.leaf(
              g -> {
                after[0] = TensorMemory.usedBytes();
                gradients.put("queries", g.toDoubles());
              });
      Tensor seen = image.leaf(g -> gradients.merge("image", g.toDoubles(), BertTrainingTest::sum));
      QueriesAndText y = bert.encodeJoint(asking, ids, KEEP, seen, pass);
      Tensor joined = y.joined();
      Tensor loss = joined.mul(joined).mul(joined).mean();
      loss.backward();
      params
          .all()
          .forEach(
              (name, parameter) -> {
                Tensor gradient = parameter.gradient();
                if (gradient != null) {
                  gradients.put(name, gradient.toDoubles());
                }
              });
      return new Step(loss.item(), gradients, after[0] - before);
    }
  }

  @Test
  void recomputing_lossAndGradientsAreTheSameToTheLastBit() {
    ForwardPass first = ForwardPass.training(new Random(11));
    step(first); // memory for the gradients of parameters is kept from now on

    Step remembered = step(ForwardPass.training(new Random(11)));
    Step recomputed = step(ForwardPass.training(new Random(11)).withGradientCheckpointing());

    assertEquals(remembered.loss, recomputed.loss);
    assertEquals(remembered.gradients.keySet(), recomputed.gradients.keySet());
    assertTrue(remembered.gradients.size() > 300, () -> "got " + remembered.gradients.size());
    remembered.gradients.forEach(
        (name, gradient) -> assertArrayEquals(gradient, recomputed.gradients.get(name), name));
    double share = (double) recomputed.bytes / remembered.bytes;
    // What layers read of the image, and its gradients, are kept in either case.
    assertTrue(share < 0.6, () -> "bytes " + remembered.bytes + " and " + recomputed.bytes);
  }

  @Test
  void dropout_ofTheSameSeed_isTheSame() {
    assertEquals(
        step(ForwardPass.training(new Random(11))).loss,
        step(ForwardPass.training(new Random(11))).loss);
    assertTrue(
        step(ForwardPass.training(new Random(11))).loss
            != step(ForwardPass.training(new Random(12))).loss);
  }

  private static double[] sum(double[] a, double[] b) {
    double[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }
}
