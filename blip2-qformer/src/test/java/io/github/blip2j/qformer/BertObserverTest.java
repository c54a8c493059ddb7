package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What someone who watches a pass through the Q-Former gets to see, in which order. */
@ExtendWith(InScope.class)
final class BertObserverTest {
  private final Random random = new Random(7);
  private BertModel bert;
  private Tensor queries;
  private Tensor image;
  private Tensor ids;

  @BeforeEach
  void build(Scope scope) {
    bert = new BertModel(TinyBert.config(true), NoisyWeights.params(scope, 3).at("qformer"));
    queries = NoisyWeights.tensor(random, 2, 4, TinyBert.DIM);
    image = NoisyWeights.tensor(random, 2, 7, TinyBert.ENCODER_DIM);
    ids = Tensor.of(new long[] {3, 16, 5, 9, 2, 1, 8, 4, 0, 0}, 2, 5);
  }

  @Test
  void queries_hiddenStates_comeBeforeTheFirstLayerAndAfterEach() {
    var log = new Log(false);

    Tensor last = bert.encodeQueries(queries, image, ForwardPass.evaluation().observedBy(log));

    assertEquals(
        List.of(
            "qformer.layers 0 [2, 4, 12]",
            "qformer.layers 1 [2, 4, 12]",
            "qformer.layers 2 [2, 4, 12]",
            "qformer.layers 3 [2, 4, 12]"),
        log.events);
    Golden.assertClose("last", last.toFloats(), log.lastState, 0);
  }

  @Test
  void queries_attentionMaps_comeInTheOrderOfComputation() {
    var log = new Log(true);

    Tensor seen = bert.encodeQueries(queries, image, ForwardPass.evaluation().observedBy(log));

    assertEquals(
        List.of(
            "qformer.layers 0 [2, 4, 12]",
            "qformer.layers.0.attention [2, 3, 4, 4]",
            "qformer.layers.0.imageAttention [2, 3, 4, 7]",
            "qformer.layers 1 [2, 4, 12]",
            "qformer.layers.1.attention [2, 3, 4, 4]",
            "qformer.layers 2 [2, 4, 12]",
            "qformer.layers.2.attention [2, 3, 4, 4]",
            "qformer.layers.2.imageAttention [2, 3, 4, 7]",
            "qformer.layers 3 [2, 4, 12]"),
        log.events);
    Tensor unseen = bert.encodeQueries(queries, image, ForwardPass.evaluation());
    Golden.assertClose("watched", unseen.toFloats(), seen.toFloats(), 2e-6);
  }

  @Test
  void joint_statesAndMaps_holdQueriesBeforeText() {
    var log = new Log(true);
    int[][] keep = {{1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}};

    QueriesAndText last =
        bert.encodeJoint(queries, ids, keep, image, ForwardPass.evaluation().observedBy(log));

    assertEquals("qformer.layers 0 [2, 9, 12]", log.events.get(0));
    assertEquals("qformer.layers.0.attention [2, 3, 9, 9]", log.events.get(1));
    assertEquals("qformer.layers.0.imageAttention [2, 3, 4, 7]", log.events.get(2));
    Golden.assertClose("last", last.joined().toFloats(), log.lastState, 0);
    for (float[] sums : log.rowSums) {
      float[] ones = new float[sums.length];
      Arrays.fill(ones, 1);
      Golden.assertClose("map", ones, sums, 1e-6);
    }
  }

  @Test
  void text_neverReadsTheImage() {
    var log = new Log(true);

    bert.encodeText(
        ids,
        new int[][] {{1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}},
        ForwardPass.evaluation().observedBy(log));

    assertEquals(
        List.of(
            "qformer.layers.0.attention [2, 3, 5, 5]",
            "qformer.layers.1.attention [2, 3, 5, 5]",
            "qformer.layers.2.attention [2, 3, 5, 5]"),
        log.events.stream().filter(event -> event.contains("ttention")).toList());
  }

  /** Notes what it is shown. */
  private static final class Log implements ForwardPass.Observer {
    private final boolean maps;
    private final List<String> events = new ArrayList<>();
    private final List<float[]> rowSums = new ArrayList<>();
    private float[] lastState = {};

    Log(boolean maps) {
      this.maps = maps;
    }

    @Override
    public boolean wantsAttention() {
      return maps;
    }

    @Override
    public void hiddenState(String path, int index, Tensor x) {
      events.add(path + " " + index + " " + x.shape());
      lastState = x.toFloats();
    }

    @Override
    public void attention(String path, Tensor weights) {
      events.add(path + " " + weights.shape());
      rowSums.add(weights.sum(-1).toFloats());
    }
  }
}
