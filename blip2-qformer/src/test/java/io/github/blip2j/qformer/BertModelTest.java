package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class BertModelTest {
  private static final double FLOAT32 = 2e-6;
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
    queries = NoisyWeights.tensor(random, 2, 4, TinyBert.DIM);
    image = NoisyWeights.tensor(random, 2, 7, TinyBert.ENCODER_DIM);
    ids = Tensor.of(new long[] {3, 16, 5, 9, 2, 1, 8, 4, 0, 0}, 2, 5);
  }

  @Test
  void encodeQueries_cached_isTheSameAndFillsEveryLayer() {
    var cache = new KeyValueCache(TinyBert.LAYERS, 4);

    Tensor cached = bert.encodeQueries(queries, image, cache, ForwardPass.evaluation());

    Tensor plain = bert.encodeQueries(queries, image, ForwardPass.evaluation());
    assertClose(plain, cached);
    for (int i = 0; i < TinyBert.LAYERS; i++) {
      assertEquals(4, cache.layer(i).length());
    }
  }

  @Test
  void encodeQueries_oneRow_isThatRowOfTheBatch() {
    Tensor both = bert.encodeQueries(queries, image, ForwardPass.evaluation());

    Tensor second =
        bert.encodeQueries(
            queries.narrow(0, 1, 1).copy(), image.narrow(0, 1, 1).copy(), ForwardPass.evaluation());

    assertClose(both.narrow(0, 1, 1), second);
  }

  @Test
  void encodeText_padded_isTheSameAsWithout() {
    Tensor padded = bert.encodeText(ids, KEEP, ForwardPass.evaluation());

    Tensor unpadded =
        bert.encodeText(
            ids.narrow(0, 1, 1).narrow(1, 0, 3).copy(),
            new int[][] {{1, 1, 1}},
            ForwardPass.evaluation());
    assertClose(padded.narrow(0, 1, 1).narrow(1, 0, 3), unpadded);
  }

  @Test
  void encodeJoint_padded_isTheSameAsWithout() {
    QueriesAndText padded = bert.encodeJoint(queries, ids, KEEP, image, ForwardPass.evaluation());

    QueriesAndText alone =
        bert.encodeJoint(
            queries.narrow(0, 1, 1).copy(),
            ids.narrow(0, 1, 1).narrow(1, 0, 3).copy(),
            new int[][] {{1, 1, 1}},
            image.narrow(0, 1, 1).copy(),
            ForwardPass.evaluation());

    assertClose(present(padded.queries()).narrow(0, 1, 1), present(alone.queries()));
    assertClose(present(padded.text()).narrow(0, 1, 1).narrow(1, 0, 3), present(alone.text()));
  }

  @Test
  void encodeJoint_queriesAndTextSeeEachOther() {
    Tensor otherIds = Tensor.of(new long[] {3, 16, 5, 9, 7, 1, 8, 4, 0, 0}, 2, 5);
    Tensor otherImage = image.mul(-1);

    QueriesAndText one = bert.encodeJoint(queries, ids, KEEP, image, ForwardPass.evaluation());
    QueriesAndText otherText =
        bert.encodeJoint(queries, otherIds, KEEP, image, ForwardPass.evaluation());
    QueriesAndText otherPicture =
        bert.encodeJoint(queries, ids, KEEP, otherImage, ForwardPass.evaluation());

    assertDiffers(present(one.queries()), present(otherText.queries()));
    assertDiffers(present(one.text()), present(otherPicture.text()));
    assertClose( // the second row's text has not changed
        present(one.queries()).narrow(0, 1, 1), present(otherText.queries()).narrow(0, 1, 1));
  }

  @Test
  void dropout_whileTraining_thinsByTheRandomSource() {
    Tensor evaluated = bert.encodeText(ids, KEEP, ForwardPass.evaluation());

    Tensor one = bert.encodeText(ids, KEEP, ForwardPass.training(new Random(1)));
    Tensor same = bert.encodeText(ids, KEEP, ForwardPass.training(new Random(1)));
    Tensor other = bert.encodeText(ids, KEEP, ForwardPass.training(new Random(2)));

    assertArrayEquals(one.toFloats(), same.toFloats());
    assertDiffers(one, other);
    assertDiffers(one, evaluated);
  }

  @Test
  void textEmbeddings_areNormedSumsOfWordAndPlace(Scope scope) {
    var embeddings =
        new BertEmbeddings(TinyBert.config(true), NoisyWeights.params(scope, 3).at("other"));
    Tensor one = Tensor.of(new long[] {5}, 1, 1);

    Tensor atTwo = embeddings.ofText(one, 2, ForwardPass.evaluation());
    Tensor inSequence =
        embeddings.ofText(Tensor.of(new long[] {1, 9, 5}, 1, 3), 0, ForwardPass.evaluation());
    Tensor atZero = embeddings.ofText(one, 0, ForwardPass.evaluation());

    assertClose(inSequence.narrow(1, 2, 1), atTwo);
    assertDiffers(atZero, atTwo);
  }

  @Test
  void queryEmbeddings_haveNoPlaceAndTheNormOfText() {
    var embeddings = new BertEmbeddings(TinyBert.config(true), params.at("other"));
    Tensor swapped = Tensor.concat(1, List.of(queries.narrow(1, 2, 2), queries.narrow(1, 0, 2)));

    Tensor x = embeddings.ofQueries(queries, ForwardPass.evaluation());
    Tensor y = embeddings.ofQueries(swapped, ForwardPass.evaluation());

    assertClose(x.narrow(1, 2, 2), y.narrow(1, 0, 2));
    assertEquals(2, params.all().keySet().stream().filter(n -> n.startsWith("other.norm")).count());
  }

  private static void assertClose(Tensor expected, Tensor actual) {
    Golden.assertClose("tensor", expected.toFloats(), actual.toFloats(), FLOAT32);
  }

  private static void assertDiffers(Tensor one, Tensor other) {
    assertFalse(Arrays.equals(one.toFloats(), other.toFloats()));
  }

  private static Tensor present(@Nullable Tensor tensor) {
    assertNotNull(tensor);
    return tensor;
  }
}
