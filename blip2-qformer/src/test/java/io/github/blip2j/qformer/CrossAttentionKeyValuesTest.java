package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** An image that is read once and used in many passes. */
@ExtendWith(InScope.class)
final class CrossAttentionKeyValuesTest {
  private static final String KEY = "layers.2.imageAttention.key.weight";
  private static final int[][] KEEP = {{1, 1, 1}, {1, 1, 0}, {1, 1, 1}};

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
    queries = NoisyWeights.tensor(random, 3, 4, TinyBert.DIM);
    image = NoisyWeights.tensor(random, 2, 7, TinyBert.ENCODER_DIM);
    ids = Tensor.of(new long[] {3, 16, 5, 9, 2, 1, 8, 4, 0}, 3, 3);
  }

  @Test
  void readImage_holdsTheLayersThatRead() {
    CrossAttentionKeyValues read = bert.imageKeyValues(image);

    assertEquals(Set.of(0, 2), read.layers().keySet());
    assertEquals(2, read.batch());
  }

  @Test
  void rows_ofARead_areThoseOfTheImage() {
    Tensor picked = image.gather(Tensor.ids(1, 0, 1));

    CrossAttentionKeyValues read = bert.imageKeyValues(image).rows(1, 0, 1);

    ForwardPass pass = ForwardPass.evaluation();
    assertSameRows(
        bert.encodeQueries(queries, picked, pass), bert.encodeQueries(queries, read, null, pass));
    assertSameRows(
        bert.encodeJoint(queries, ids, KEEP, picked, pass).joined(),
        bert.encodeJoint(queries, ids, KEEP, read, pass).joined());
    assertSameRows(
        bert.decodeJoint(queries, ids, KEEP, picked, pass).joined(),
        bert.decodeJoint(queries, ids, KEEP, read, pass).joined());
  }

  /** Products of 14 and of 21 rows may round a row differently; another row differs by far more. */
  private static void assertSameRows(Tensor expected, Tensor actual) {
    assertArrayEquals(expected.toFloats(), actual.toFloats(), 1e-5f);
  }

  @Test
  void gradients_ofTwoPassesOverOneRead_areTheSumOfThoseOverTwo() {
    params.all().values().forEach(Parameter::train);
    Tensor seed = NoisyWeights.tensor(random, 3, 4, TinyBert.DIM);

    float[][] shared = new float[2][];
    Tensor leaf = image.leaf(g -> shared[0] = g.toFloats());
    CrossAttentionKeyValues read = bert.imageKeyValues(leaf);
    loss(read.rows(1, 0, 1), read.rows(0, 0, 1), seed).backward();
    shared[1] = gradient();
    params.all().values().forEach(Parameter::clearGradient);
    float[][] apart = new float[2][];
    Tensor again = image.leaf(g -> apart[0] = g.toFloats());
    loss(
            bert.imageKeyValues(again.gather(Tensor.ids(1, 0, 1))),
            bert.imageKeyValues(again.gather(Tensor.ids(0, 0, 1))),
            seed)
        .backward();
    apart[1] = gradient();

    Golden.assertClose("image", apart[0], shared[0], 2e-4);
    Golden.assertClose(KEY, apart[1], shared[1], 2e-4);
  }

  @Test
  void rows_ofAnotherBatchThanTheQueries_areRefused() {
    CrossAttentionKeyValues two = bert.imageKeyValues(image);

    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> bert.encodeQueries(queries, two, null, ForwardPass.evaluation()));

    assertEquals(": image rows expected [3], got [2]", e.getMessage());
  }

  @Test
  void readImage_ofABertThatReadsNothing_isRefused(Scope scope) {
    var plain =
        new BertModel(TinyBert.plain(BertKind.ENCODER), NoisyWeights.params(scope, 3).at("bert"));

    var e = assertThrows(IllegalArgumentException.class, () -> plain.imageKeyValues(image));

    assertEquals(
        "bert: context expected in a BERT with cross-attention, got kind=ENCODER", e.getMessage());
  }

  @Test
  void readContext_maskOfAnotherShape_isRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> bert.contextKeyValues(image, new int[][] {{1, 1}, {1, 1}}));

    assertEquals(": contextMask row expected [7], got [2]", e.getMessage());
  }

  private Tensor loss(CrossAttentionKeyValues first, CrossAttentionKeyValues second, Tensor seed) {
    Tensor one = bert.encodeQueries(queries, first, null, ForwardPass.evaluation());
    QueriesAndText two = bert.encodeJoint(queries, ids, KEEP, second, ForwardPass.evaluation());
    Tensor seen = two.queries();
    assertNotNull(seen);
    return one.mul(seed).sum().add(seen.mul(seed).sum());
  }

  private float[] gradient() {
    Parameter parameter = params.all().get(KEY);
    assertNotNull(parameter, () -> "parameters are " + List.copyOf(params.all().keySet()));
    Tensor gradient = parameter.gradient();
    assertNotNull(gradient);
    return gradient.toFloats();
  }
}
