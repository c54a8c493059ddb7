package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class AttentionTest {
  private static final double FLOAT32 = 1e-5;
  private static final Attention.Config SELF = Attention.Config.self(12, 3);
  private static final Attention.Config CROSS = Attention.Config.cross(12, 10, 3);
  private static final AttentionOptions PLAIN = AttentionOptions.of(ForwardPass.evaluation());

  private final Random random = new Random(7);
  private Params params;

  @BeforeEach
  void build(Scope scope) {
    params = NoisyWeights.params(scope, 3);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void self_equalsLoops(int batch) {
    Attention attention = Attention.of(SELF, params);
    Tensor x = NoisyWeights.tensor(random, batch, 5, 12);

    Tensor y = attention.project(attention.attend(x, x, Mask.none(), PLAIN), null);

    var loops = new LoopAttention(SELF, batch, 5, 5, LoopAttention.ALL);
    double[] expected = loops.forward(Loops.values(params), x.toDoubles(), x.toDoubles());
    Loops.assertClose("self", expected, y, FLOAT32);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void cross_contextOfAnotherLengthAndWidth_equalsLoops(int batch) {
    Attention attention = Attention.of(CROSS, params);
    Tensor x = NoisyWeights.tensor(random, batch, 4, 12);
    Tensor context = NoisyWeights.tensor(random, batch, 7, 10);

    Tensor y = attention.project(attention.attend(x, context, Mask.none(), PLAIN), null);

    var loops = new LoopAttention(CROSS, batch, 4, 7, LoopAttention.ALL);
    double[] expected = loops.forward(Loops.values(params), x.toDoubles(), context.toDoubles());
    Loops.assertClose("cross", expected, y, FLOAT32);
  }

  @Test
  void withoutInputBias_onlyOutputHasOne_equalsLoops() {
    Attention attention = Attention.of(SELF.withoutInputBias(), params);
    Tensor x = NoisyWeights.tensor(random, 2, 3, 12);

    Tensor y = attention.project(attention.attend(x, x, Mask.none(), PLAIN), null);

    assertEquals(
        List.of("key.weight", "output.bias", "output.weight", "query.weight", "value.weight"),
        List.copyOf(params.all().keySet()));
    var loops = new LoopAttention(SELF, 2, 3, 3, LoopAttention.ALL);
    double[] expected = loops.forward(Loops.values(params), x.toDoubles(), x.toDoubles());
    Loops.assertClose("no bias", expected, y, FLOAT32);
  }

  @Test
  void queryAndValueBias_withoutAKeyBias_equalsLoops() {
    Attention attention = Attention.of(SELF.with(Attention.InputBias.QUERY_AND_VALUE), params);
    Tensor x = NoisyWeights.tensor(random, 2, 3, 12);

    Tensor y = attention.project(attention.attend(x, x, Mask.none(), PLAIN), null);

    assertEquals(
        List.of(
            "key.weight",
            "output.bias",
            "output.weight",
            "query.bias",
            "query.weight",
            "value.bias",
            "value.weight"),
        List.copyOf(params.all().keySet()));
    var loops = new LoopAttention(SELF, 2, 3, 3, LoopAttention.ALL);
    double[] expected = loops.forward(Loops.values(params), x.toDoubles(), x.toDoubles());
    Loops.assertClose("no key bias", expected, y, FLOAT32);
  }

  @Test
  void ofHeads_widerThanDimUnscaledWithoutBias_equalsLoops() {
    Attention.Config sizes = Attention.Config.ofHeads(12, 3, 5).withoutBias().unscaled();
    Attention attention = Attention.of(sizes, params);
    Tensor x = NoisyWeights.tensor(random, 2, 4, 12);
    Tensor context = NoisyWeights.tensor(random, 2, 7, 12);

    Tensor mixed = attention.attend(x, context, Mask.none(), PLAIN);
    Tensor y = attention.project(mixed, null);

    assertEquals(
        List.of("key.weight", "output.weight", "query.weight", "value.weight"),
        List.copyOf(params.all().keySet()));
    mixed.shape().require("test", "mixed", 2, 4, 15);
    var loops = new LoopAttention(sizes, 2, 4, 7, LoopAttention.ALL);
    double[] expected = loops.forward(Loops.values(params), x.toDoubles(), context.toDoubles());
    Loops.assertClose("heads", expected, y, FLOAT32);
  }

  @Test
  void positionBias_withPadding_equalsLoopsSeenOrUnseen() {
    Attention attention = Attention.of(SELF, params);
    Tensor x = NoisyWeights.tensor(random, 2, 5, 12);
    Tensor bias = NoisyWeights.tensor(random, 1, 3, 5, 5);
    double[] added = bias.toDoubles();
    int[][] keep = {{1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}};
    Mask mask = Mask.adding(bias).and(Mask.causal(5, 5)).and(Mask.padding(keep));
    ForwardPass watched =
        ForwardPass.evaluation().observedBy(new MapObserver("", new ArrayList<>()));

    Tensor kernel = attention.project(attention.attend(x, x, mask, PLAIN), null);
    Tensor open =
        attention.project(attention.attend(x, x, mask, AttentionOptions.of(watched)), null);

    var loops =
        new LoopAttention(SELF, 2, 5, 5, (b, t, s) -> s <= t && keep[b][s] == 1)
            .adding((h, t, s) -> added[(h * 5 + t) * 5 + s]);
    double[] expected = loops.forward(Loops.values(params), x.toDoubles(), x.toDoubles());
    Loops.assertClose("kernel", expected, kernel, FLOAT32);
    Loops.assertClose("open", expected, open, FLOAT32);
  }

  @Test
  void causalAndPadded_equalsLoops() {
    Attention attention = Attention.of(SELF, params);
    Tensor x = NoisyWeights.tensor(random, 2, 5, 12);
    int[][] keep = {{1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}};
    Mask mask = Mask.causal(5, 5).and(Mask.padding(keep));

    Tensor y = attention.project(attention.attend(x, x, mask, PLAIN), null);

    var loops = new LoopAttention(SELF, 2, 5, 5, (b, t, s) -> s <= t && keep[b][s] == 1);
    double[] expected = loops.forward(Loops.values(params), x.toDoubles(), x.toDoubles());
    Loops.assertClose("masked", expected, y, FLOAT32);
  }

  @Test
  void cached_pieceByPiece_equalsCausalLoopsAtOnce() {
    Attention attention = Attention.of(SELF, params);
    Tensor x = NoisyWeights.tensor(random, 2, 7, 12);
    var cache = new KeyValueCache(1, 7);
    List<Tensor> pieces = new ArrayList<>();
    int done = 0;

    for (int length : new int[] {4, 1, 2}) {
      Tensor piece = x.narrow(1, done, length);
      done += length;
      Tensor mixed = attention.attend(piece, cache.layer(0), Mask.causal(length, done), PLAIN);
      pieces.add(attention.project(mixed, null));
    }

    var loops = new LoopAttention(SELF, 2, 7, 7, (b, t, s) -> s <= t);
    double[] expected = loops.forward(Loops.values(params), x.toDoubles(), x.toDoubles());
    Loops.assertClose("cached", expected, Tensor.concat(1, pieces), FLOAT32);
  }

  @Test
  void project_residual_isAdded() {
    Attention attention = Attention.of(SELF, params);
    Tensor x = NoisyWeights.tensor(random, 2, 3, 12);
    Tensor residual = NoisyWeights.tensor(random, 2, 3, 12);

    Tensor y = attention.project(x, residual);

    double[] expected =
        Loops.sum(
            Loops.linear(Loops.values(params), "output", x.toDoubles(), 12), residual.toDoubles());
    Loops.assertClose("residual", expected, y, FLOAT32);
  }

  @Test
  void observer_mapsEqualLoopsAndResultEqualsKernel(Scope scope) {
    Attention attention = Attention.of(CROSS, params.at("here"));
    Tensor x = NoisyWeights.tensor(random, 2, 4, 12);
    Tensor context = NoisyWeights.tensor(random, 2, 7, 10);
    int[][] keep = {{1, 1, 1, 1, 1, 1, 1}, {1, 0, 1, 1, 1, 1, 0}};
    Mask mask = Mask.padding(keep);
    List<Tensor> maps = new ArrayList<>();
    ForwardPass watched = ForwardPass.evaluation().observedBy(new MapObserver("here", maps));

    Tensor seen = attention.attend(x, context, mask, AttentionOptions.of(watched));

    Tensor kernel = attention.attend(x, context, mask, PLAIN);
    Loops.assertClose("path", kernel.toDoubles(), seen, FLOAT32);
    assertEquals(1, maps.size());
    maps.get(0).shape().require("test", "maps", 2, 3, 4, 7);
    var loops = new LoopAttention(CROSS, 2, 4, 7, (b, t, s) -> keep[b][s] == 1);
    Params same = NoisyWeights.params(scope, 3);
    Attention.of(CROSS, same);
    double[] expected = loops.maps(Loops.values(same), x.toDoubles(), context.toDoubles());
    Loops.assertClose("maps", expected, maps.get(0), FLOAT32);
    for (double sum : maps.get(0).sum(-1).toDoubles()) {
      assertEquals(1, sum, 1e-6);
    }
  }

  @Test
  void dropout_seenOrUnseen_thinsAlike() {
    Attention attention = Attention.of(SELF, params);
    Tensor x = NoisyWeights.tensor(random, 2, 5, 12);
    Dropout dropout = new Dropout(0.4);
    ForwardPass unseen = ForwardPass.training(new Random(11));
    ForwardPass seen =
        ForwardPass.training(new Random(11)).observedBy(new MapObserver("", new ArrayList<>()));

    Tensor kernel = attention.attend(x, x, Mask.none(), AttentionOptions.of(unseen, dropout));
    Tensor open = attention.attend(x, x, Mask.none(), AttentionOptions.of(seen, dropout));

    assertTrue(AttentionOptions.of(unseen, dropout).isUnseen());
    assertFalse(AttentionOptions.of(seen, dropout).isUnseen());
    Loops.assertClose("mixed", open.toDoubles(), kernel, FLOAT32);
  }

  @Test
  void dropout_whileTraining_thinsProbabilitiesAndShowsThemWhole() {
    Attention attention = Attention.of(SELF, params);
    Tensor x = NoisyWeights.tensor(random, 2, 5, 12);
    List<Tensor> shown = new ArrayList<>();
    ForwardPass training =
        ForwardPass.training(new Random(11)).observedBy(new MapObserver("", shown));

    Tensor mixed =
        attention.attend(x, x, Mask.none(), AttentionOptions.of(training, new Dropout(0.4)));

    var loops = new LoopAttention(SELF, 2, 5, 5, LoopAttention.ALL);
    double[] maps = loops.maps(Loops.values(params), x.toDoubles(), x.toDoubles());
    Loops.assertClose("shown", maps, shown.get(0), FLOAT32);
    DropoutSpec thinning = new DropoutSpec(0.4, new Random(11).nextLong());
    double[] factors = Tensor.full(DType.FLOAT64, 1, maps.length).dropout(thinning).toDoubles();
    for (int i = 0; i < maps.length; i++) {
      maps[i] *= factors[i];
    }
    double[] expected = loops.output(Loops.values(params), maps, x.toDoubles());
    Loops.assertClose("thinned", expected, attention.project(mixed, null), FLOAT32);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "11 | 2 | x expected [?, ?, 12], got [2, 4, 11]",
        "12 | 1 | context expected [2, ?, 10], got [1, 7, 10]"
      })
  void mix_shapesThatDoNotFit_namesModuleAndBothShapes(int width, int batch, String message) {
    Attention attention = Attention.of(CROSS, params.at("layers").at(3));
    Tensor x = NoisyWeights.tensor(random, 2, 4, width);
    Tensor context = NoisyWeights.tensor(random, batch, 7, 10);

    var e =
        assertThrows(
            ShapeMismatchException.class, () -> attention.attend(x, context, Mask.none(), PLAIN));

    assertEquals("layers.3: " + message, e.getMessage());
  }

  @Test
  void sizes_headsThatDoNotDivide_areRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> Attention.Config.self(30, 4));

    assertEquals("attention: heads expected to divide dim, got heads=4, dim=30", e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"0, 4", "3, 0"})
  void sizes_withoutHeadsOrWidth_areRefused(int heads, int headDim) {
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> Attention.Config.ofHeads(12, heads, headDim));

    assertEquals(
        String.format(
            Locale.ROOT,
            "attention: heads and headDim must be positive, got heads=%d, headDim=%d",
            heads,
            headDim),
        e.getMessage());
  }

  /** Collects attention maps of one path. */
  private record MapObserver(String expectedPath, List<Tensor> maps)
      implements ForwardPass.Observer {
    @Override
    public boolean wantsAttention() {
      return true;
    }

    @Override
    public void attention(String path, Tensor weights) {
      assertEquals(expectedPath, path);
      maps.add(weights);
    }
  }
}
