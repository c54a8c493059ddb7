package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Text that sees the queries and what came before it, over their cache and in one call. */
@ExtendWith(InScope.class)
final class BertDecodeTest {
  private static final double FLOAT32 = 5e-6;
  private static final int QUERIES = 4;
  private static final int[][] KEEP = {{1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}};

  private final Random random = new Random(7);
  private Params params;
  private BertModel bert;
  private Tensor queries;
  private Tensor image;
  private Tensor ids;

  @BeforeEach
  void build(Scope scope) {
    params = NoisyWeights.params(scope, 3);
    bert = new BertModel(TinyBert.config(true), params);
    queries = NoisyWeights.tensor(random, 2, QUERIES, TinyBert.DIM);
    image = NoisyWeights.tensor(random, 2, 7, TinyBert.ENCODER_DIM);
    ids = Tensor.of(new long[] {3, 16, 5, 9, 2, 1, 8, 4, 0, 0}, 2, 5);
  }

  @Test
  void decodeText_overTheQueriesCache_isTheTextOfOneCall() {
    Golden.assertClose("text", joint().toFloats(), cached().toFloats(), FLOAT32);
  }

  @Test
  void decodeText_overTheQueriesCache_hasTheGradientsOfOneCall() {
    params.all().values().forEach(Parameter::train);
    Tensor seed = NoisyWeights.tensor(random, 2, 5, TinyBert.DIM);

    Map<String, float[]> ofCache = gradients(this::cached, seed);
    Map<String, float[]> ofOneCall = gradients(this::joint, seed);

    assertEquals(ofOneCall.keySet(), ofCache.keySet());
    ofOneCall.forEach(
        (name, expected) -> {
          double largest = 0;
          for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
          }
          Golden.assertClose(
              name,
              expected,
              Objects.requireNonNull(ofCache.get(name), name),
              1e-4 * largest + 1e-5);
        });
    // All but what only the queries' last outputs or the unused last words and places would need.
    assertNotNull(ofCache.get("layers.0.imageAttention.key.weight"));
    assertNotNull(ofCache.get("layers.1.queryMlp.up.weight"));
  }

  @Test
  void decodeText_wordByWord_isTheSame() {
    float[] expected = cached().narrow(0, 0, 1).copy().toFloats();

    try (var off = GradMode.noGrad()) {
      KeyValueCache cache = bert.cache(2); // grows on the way
      Tensor one = queries.narrow(0, 0, 1).copy();
      bert.encodeQueries(one, image.narrow(0, 0, 1).copy(), cache, ForwardPass.evaluation());
      for (int t = 0; t < 5; t++) {
        Tensor word = ids.narrow(0, 0, 1).narrow(1, t, 1).copy();
        Tensor y =
            bert.decodeText(
                word, TextRows.ones(1, t + 1), cache, QUERIES, ForwardPass.evaluation());
        float[] place = new float[TinyBert.DIM];
        System.arraycopy(expected, t * TinyBert.DIM, place, 0, TinyBert.DIM);
        Golden.assertClose("word " + t, place, y.toFloats(), FLOAT32);
      }
    }
  }

  @Test
  void decodeJoint_queriesSeeNoText_wordsSeeNoneAfterThem() {
    Tensor otherIds = Tensor.of(new long[] {3, 16, 5, 9, 7, 1, 8, 4, 0, 0}, 2, 5);

    QueriesAndText one = bert.decodeJoint(queries, ids, KEEP, image, ForwardPass.evaluation());
    QueriesAndText other =
        bert.decodeJoint(queries, otherIds, KEEP, image, ForwardPass.evaluation());

    Tensor alone = bert.encodeQueries(queries, image, ForwardPass.evaluation());
    Golden.assertClose("queries", alone.toFloats(), queriesOf(one).toFloats(), FLOAT32);
    assertArrayEquals(queriesOf(one).toFloats(), queriesOf(other).toFloats());
    assertArrayEquals(
        textOf(one).narrow(1, 0, 4).copy().toFloats(),
        textOf(other).narrow(1, 0, 4).copy().toFloats());
  }

  @Test
  void decodeText_withoutTheQueriesInTheCache_isRefused() {
    KeyValueCache empty = bert.cache(4);

    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> bert.decodeText(ids, KEEP, empty, QUERIES, ForwardPass.evaluation()));

    assertEquals(
        ": cache expected to hold 4 queries, got 0 positions; encode the queries with it",
        e.getMessage());
  }

  @Test
  void decodeText_maskWithoutThePast_isRefused() {
    KeyValueCache cache = bert.cache(8);
    bert.encodeQueries(queries, image, cache, ForwardPass.evaluation());
    bert.decodeText(ids, KEEP, cache, QUERIES, ForwardPass.evaluation());
    Tensor next = Tensor.of(new long[] {3, 4}, 2, 1);

    var e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                bert.decodeText(
                    next, new int[][] {{1}, {1}}, cache, QUERIES, ForwardPass.evaluation()));

    assertEquals(": textMask row expected [6], got [1]", e.getMessage());
  }

  private Tensor cached() {
    KeyValueCache cache = bert.cache(QUERIES + 5);
    bert.encodeQueries(queries, image, cache, ForwardPass.evaluation());
    return bert.decodeText(ids, KEEP, cache, QUERIES, ForwardPass.evaluation());
  }

  private Tensor joint() {
    return textOf(bert.decodeJoint(queries, ids, KEEP, image, ForwardPass.evaluation()));
  }

  private Map<String, float[]> gradients(Supplier<Tensor> text, Tensor seed) {
    params.all().values().forEach(Parameter::clearGradient);
    text.get().mul(seed).sum().backward();
    Map<String, float[]> gradients = new TreeMap<>();
    for (Parameter parameter : params.all().values()) {
      Tensor gradient = parameter.gradient();
      if (gradient != null && !allZero(gradient.toFloats())) {
        gradients.put(parameter.name(), gradient.toFloats());
      }
    }
    return gradients;
  }

  /** One call reaches the queries' last outputs too, with gradients of 0. */
  private static boolean allZero(float[] values) {
    for (float value : values) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  private static Tensor queriesOf(QueriesAndText streams) {
    Tensor queries = streams.queries();
    assertNotNull(queries);
    return queries;
  }

  private static Tensor textOf(QueriesAndText streams) {
    Tensor text = streams.text();
    assertNotNull(text);
    return text;
  }
}
