package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rows that nobody reads after the last layer are left out of it, and nothing else changes. */
@ExtendWith(InScope.class)
final class BertRowsTest {
  private static final int[][] KEEP = {{1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}};

  private Params params;
  private BertModel bert;
  private Tensor queries;
  private CrossAttentionKeyValues image;
  private Tensor ids;

  @BeforeEach
  void build(Scope scope) {
    var random = new Random(7);
    params = NoisyWeights.params(scope, 3);
    bert = new BertModel(TinyBert.config(true), params.at("qformer"));
    params.all().values().forEach(Parameter::train);
    queries = NoisyWeights.tensor(random, 2, 4, TinyBert.DIM);
    image = bert.imageKeyValues(NoisyWeights.tensor(random, 2, 7, TinyBert.ENCODER_DIM));
    ids = Tensor.of(new long[] {3, 16, 5, 9, 2, 1, 8, 4, 0, 0}, 2, 5);
  }

  @Test
  void encodeQueriesWithText_isTheQueriesOfAJointPass() {
    Tensor some = bert.encodeQueriesWithText(queries, ids, KEEP, image, ForwardPass.evaluation());

    Tensor all = bert.encodeJoint(queries, ids, KEEP, image, ForwardPass.evaluation()).joined();
    assertEquals(List.of(2L, 4L, 12L), dims(some));
    Golden.assertClose("queries", all.narrow(1, 0, 4).toFloats(), some.toFloats(), 2e-6);
  }

  @Test
  void encodeQueriesWithText_gradients_areThoseOfAJointPass() {
    var of = ForwardPass.evaluation();
    assertSameGradients(
        () -> bert.encodeJoint(queries, ids, KEEP, image, of).joined().narrow(1, 0, 4),
        () -> bert.encodeQueriesWithText(queries, ids, KEEP, image, of));
  }

  @Test
  void encodeTextStart_isTheFirstTokenOfAText() {
    Tensor start = bert.encodeTextStart(ids, KEEP, ForwardPass.evaluation());

    Tensor all = bert.encodeText(ids, KEEP, ForwardPass.evaluation());
    assertEquals(List.of(2L, 1L, 12L), dims(start));
    Golden.assertClose("start", all.narrow(1, 0, 1).toFloats(), start.toFloats(), 2e-6);
  }

  @Test
  void encodeTextStart_gradients_areThoseOfAText() {
    assertSameGradients(
        () -> bert.encodeText(ids, KEEP, ForwardPass.evaluation()).narrow(1, 0, 1),
        () -> bert.encodeTextStart(ids, KEEP, ForwardPass.evaluation()));
  }

  @Test
  void encodeTextStart_watched_showsAllRows() {
    List<String> shown = new ArrayList<>();
    var observer =
        new ForwardPass.Observer() {
          @Override
          public void hiddenState(String path, int index, Tensor x) {
            shown.add(index + " " + x.shape());
          }
        };

    Tensor start = bert.encodeTextStart(ids, KEEP, ForwardPass.evaluation().observedBy(observer));

    assertEquals(List.of("0 [2, 5, 12]", "1 [2, 5, 12]", "2 [2, 5, 12]", "3 [2, 5, 12]"), shown);
    assertEquals(List.of(2L, 1L, 12L), dims(start));
  }

  private void assertSameGradients(Supplier<Tensor> expected, Supplier<Tensor> actual) {
    Map<String, float[]> all = gradients(expected.get());
    Map<String, float[]> some = gradients(actual.get());
    assertEquals(all.keySet(), some.keySet());
    all.forEach((name, gradient) -> assertArrayEquals(gradient, some.get(name), 2e-5f, name));
  }

  /** Of a loss in which every element counts differently; those that are zero left out. */
  private Map<String, float[]> gradients(Tensor y) {
    params.all().values().forEach(Parameter::clearGradient);
    y.mul(NoisyWeights.tensor(new Random(11), y.shape().toArray())).sum().backward();
    Map<String, float[]> gradients = new TreeMap<>();
    params
        .all()
        .forEach(
            (name, parameter) -> {
              Tensor gradient = parameter.gradient();
              if (gradient != null && gradient.mul(gradient).sum().item() > 0) {
                gradients.put(name, gradient.toFloats());
              }
            });
    return gradients;
  }

  private static List<Long> dims(Tensor x) {
    List<Long> dims = new ArrayList<>();
    for (long dim : x.shape().toArray()) {
      dims.add(dim);
    }
    return dims;
  }
}
