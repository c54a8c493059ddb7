package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ParamsTest {
  private static final KeyMap FUSED =
      KeyMap.builder()
          .slice("query", "qkv", 0, 3)
          .slice("key", "qkv", 1, 3)
          .slice("value", "qkv", 2, 3)
          .build();

  @TempDir Path folder;
  private final Scope home = Scope.detached();

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void fit_ofACheckingRoot_tellsAllAndReadsNothing() throws IOException {
    var stored =
        new StoredTensors(folder)
            .with("a.weight", DType.FLOAT32, 3, 2)
            .with("b.weight", DType.FLOAT32, 2, 2)
            .with("z", DType.FLOAT32, 1);
    try (Checkpoint checkpoint = stored.open()) {
      var weights = new CheckpointWeights("model", checkpoint, KeyMap.builder().build());
      Params params = Params.checking(weights, home);
      Tensor read = params.at("a").matrix("weight", Shape.of(3, 2), Init.zeros()).value();
      params.at("b").matrix("weight", Shape.of(2, 3), Init.zeros());
      params.get("c", Shape.of(1), Init.zeros());

      Params.Fit fit = params.fit();

      assertEquals(Shape.of(), read.shape());
      assertEquals(List.of("c"), fit.missing());
      assertEquals(
          List.of("b.weight: checkpoint tensor expected [2, 3], got [2, 2]"), fit.misshapen());
      assertEquals(Set.of("z"), fit.unused());
    }
  }

  @Test
  void finish_everyKindOfMisfit_isReportedTogether() throws IOException {
    var stored =
        new StoredTensors(folder)
            .with("a.weight", DType.FLOAT32, 3, 2)
            .with("a.bias", DType.INT64, 3)
            .with("b.qkv", DType.FLOAT32, 4, 2)
            .with("z.one", DType.FLOAT32, 1)
            .with("z.two", DType.FLOAT32, 1)
            .with("z.position_ids", DType.INT64, 1);
    KeyMap keys = KeyMap.builder().slice("b.key", "b.qkv", 1, 3).ignore("*.position_ids").build();
    try (Checkpoint checkpoint = stored.open()) {
      Params params = params(checkpoint, keys);
      params.at("a").matrix("weight", Shape.of(2, 3), Init.zeros());
      params.at("a").get("bias", Shape.of(3), Init.zeros());
      params.at("b").get("key", Shape.of(4, 2), Init.zeros());
      params.at("c").at(0).get("weight", Shape.of(2), Init.zeros());
      params.at("c").at(1).get("weight", Shape.of(2), Init.zeros());

      var e = assertThrows(CheckpointException.class, params::finish);

      assertEquals(
          "test.safetensors: tensors expected to fit the configuration, got"
              + " 2 missing (c.0.weight, c.1.weight),"
              + " 3 of another shape or type"
              + " (a.weight: checkpoint tensor expected [2, 3], got [3, 2],"
              + " a.bias: checkpoint tensor expected a floating type, got INT64,"
              + " b.key: checkpoint tensor expected [12, 2], got [4, 2]),"
              + " 2 unused (z.one, z.two)",
          e.getMessage());
    }
  }

  @Test
  void finish_tensorsOnlyLookedAt_areUnused() throws IOException {
    var stored =
        new StoredTensors(folder)
            .with("w", DType.FLOAT32, 2)
            .with("same", DType.FLOAT32, 2)
            .with("wide", DType.FLOAT32, 3);
    try (Checkpoint checkpoint = stored.open()) {
      Params params = params(checkpoint, KeyMap.identity());
      params.get("w", Shape.of(2), Init.zeros());

      assertTrue(params.has("same"));
      assertEquals(Shape.of(3), params.storedShape("wide"));
      assertTrue(params.storedApart("w", "wide"));
      var e = assertThrows(CheckpointException.class, params::finish);

      assertEquals(
          "test.safetensors: tensors expected to fit the configuration, got 2 unused (same, wide)",
          e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"words", "head"})
  void finish_copyOfWhatIsRead_isUsed(String read) throws IOException {
    var stored =
        new StoredTensors(folder)
            .with("m.words", DType.FLOAT32, 3, 2)
            .with("m.head", DType.FLOAT32, 3, 2);
    try (Checkpoint checkpoint = stored.open()) {
      Params params = params(checkpoint, KeyMap.identity()).at("m");

      assertFalse(params.storedApart("words", "head"));
      assertThrows(CheckpointException.class, params::finish);
      params.get(read, Shape.of(3, 2), Init.zeros());

      params.finish();
    }
  }

  @Test
  void finish_manyMissing_namesEightAndCountsTheRest() throws IOException {
    try (Checkpoint checkpoint = new StoredTensors(folder).open()) {
      Params params = params(checkpoint, KeyMap.identity());
      for (int i = 0; i < 11; i++) {
        params.at(i).get("w", Shape.of(1), Init.zeros());
      }

      var e = assertThrows(CheckpointException.class, params::finish);

      assertEquals(
          "test.safetensors: tensors expected to fit the configuration, got"
              + " 11 missing (0.w, 1.w, 2.w, 3.w, 4.w, 5.w, 6.w, 7.w, and 3 more)",
          e.getMessage());
    }
  }

  @Test
  void finish_everythingFits_isSilent() throws IOException {
    var stored = new StoredTensors(folder).with("w", DType.FLOAT32, 2, 3);
    try (Checkpoint checkpoint = stored.open()) {
      Params params = params(checkpoint, KeyMap.identity());

      Parameter w = params.matrix("w", Shape.of(2, 3), Init.zeros());
      params.finish();

      assertArrayEquals(StoredTensors.counting(0, 6), values(w));
      assertEquals("w", w.name());
      assertFalse(w.isTrained());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT64", "FLOAT32", "FLOAT16", "BFLOAT16"})
  void slices_ofFusedTensors_readTheirOwnRows(DType type) throws IOException {
    var stored = new StoredTensors(folder).with("qkv.weight", type, 6, 5).with("qkv.bias", type, 6);
    try (Checkpoint checkpoint = stored.open()) {
      Params params = params(checkpoint, FUSED);

      int row = 0;
      for (String part : List.of("query", "key", "value")) {
        Parameter weight = params.at(part).matrix("weight", Shape.of(2, 5), Init.zeros());
        Parameter bias = params.at(part).get("bias", Shape.of(2), Init.zeros());
        assertArrayEquals(StoredTensors.counting(5 * row, 10), values(weight), part);
        assertArrayEquals(StoredTensors.counting(row, 2), values(bias), part);
        assertEquals(DType.FLOAT32, weight.value().dtype());
        row += 2;
      }
      params.finish();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
  void bfloat16_onlyMatricesAreNarrow(DType stored) throws IOException {
    var tensors =
        new StoredTensors(folder)
            .with("linear.weight", stored, 2, 5)
            .with("linear.bias", stored, 2)
            .with("norm.weight", stored, 2)
            .with("norm.bias", stored, 2)
            .with("words.weight", stored, 3, 2)
            .with("places.weight", stored, 3, 2);
    try (Checkpoint checkpoint = tensors.open();
        var scope = Scope.open()) {
      Params params = params(checkpoint, KeyMap.identity()).packed(Precision.BFLOAT16);

      var linear = new Linear(5, 2, params.at("linear"));
      var norm = new LayerNorm(2, 1e-5, params.at("norm"));
      new Embedding(3, 2, params.at("words"));
      new Embedding(3, 2, params.at("places").atLeast(Precision.FLOAT32));
      params.finish();

      params
          .all()
          .forEach(
              (name, parameter) ->
                  assertEquals(
                      List.of("linear.weight", "words.weight").contains(name)
                          ? DType.BFLOAT16
                          : DType.FLOAT32,
                      parameter.value().dtype(),
                      name));
      assertArrayEquals(
          StoredTensors.counting(0, 10), values(Loops.parameter(params, "linear.weight")));
      Tensor y = norm.forward(linear.forward(Tensor.of(new float[] {1, 0, 0, 0, 2}, 1, 5)));
      assertEquals(DType.FLOAT32, y.dtype());
    }
  }

  @Test
  void packed_exceptParts_leavesThesePlain() {
    Params params =
        Params.root(Weights.random(new Random(1)), home).packed(Precision.INT8, Set.of("learns"));

    Parameter frozen = params.at("frozen").at(0).matrix("w", Shape.of(4, 8), Init.normal(1));
    Parameter learning = params.at("learns").at(0).matrix("w", Shape.of(4, 8), Init.normal(1));

    assertThrows(IllegalStateException.class, frozen::train);
    learning.train();
    assertTrue(learning.isTrained());
  }

  @Test
  void train_packedWeight_isRefused() {
    Params params = Params.root(Weights.random(new Random(1)), home).packed(Precision.INT8);
    Parameter weight = params.matrix("w", Shape.of(2, 3), Init.normal(1));

    var e = assertThrows(IllegalStateException.class, weight::train);

    assertEquals(
        "w: plain weight expected for training, got a packed one; load it unpacked",
        e.getMessage());
  }

  @Test
  void random_sameSeed_drawsTheSame() {
    assertArrayEquals(drawn(4), drawn(4));
    assertFalse(Arrays.equals(drawn(4), drawn(5)));
  }

  @Test
  void random_initialisers_decide() {
    Params params = Params.root(Weights.random(new Random(1)), home).packed(Precision.BFLOAT16);

    Parameter zeros = params.get("zeros", Shape.of(2), Init.zeros());
    Parameter ones = params.get("ones", Shape.of(2), Init.ones());
    Parameter narrow = params.matrix("narrow", Shape.of(2, 2), Init.normal());

    assertArrayEquals(new double[] {0, 0}, values(zeros));
    assertArrayEquals(new double[] {1, 1}, values(ones));
    assertEquals(DType.BFLOAT16, narrow.value().dtype());
  }

  @Test
  void normal_manyDraws_haveTheDeviation() {
    try (var scope = Scope.open()) {
      Tensor x = Init.normal().draw(Shape.of(20_000), new Random(2));

      // Four standard errors of the mean and of the variance.
      assertEquals(0, x.mean().item(), 4 * 0.02 / Math.sqrt(20_000));
      assertEquals(0.0004, x.mul(x).mean().item(), 4 * 0.0004 * Math.sqrt(2.0 / 20_000));
    }
  }

  @Test
  void get_askedForTwice_isOurBug() {
    Params params = Params.root(Weights.random(new Random(1)), home);
    params.at("a").get("w", Shape.of(1), Init.zeros());

    var e =
        assertThrows(
            AssertionError.class, () -> params.at("a").get("w", Shape.of(1), Init.zeros()));

    assertEquals("a.w: asked for twice", e.getMessage());
  }

  @Test
  void has_tellsWhatTheCheckpointHolds() throws IOException {
    var stored = new StoredTensors(folder).with("qkv.weight", DType.FLOAT32, 6, 5);
    try (Checkpoint checkpoint = stored.open()) {
      Params params = params(checkpoint, FUSED);

      assertTrue(params.at("key").has("weight"));
      assertFalse(params.at("key").has("bias"));
    }
  }

  @Test
  void values_outliveTheScopeTheyAreReadIn() throws IOException {
    var stored = new StoredTensors(folder).with("w", DType.FLOAT16, 2);
    try (Checkpoint checkpoint = stored.open()) {
      Parameter w;
      try (var scope = Scope.open()) {
        w = params(checkpoint, KeyMap.identity()).get("w", Shape.of(2), Init.zeros());
      }

      assertArrayEquals(new double[] {0, 1}, values(w));
    }
  }

  private double[] drawn(long seed) {
    Params params = Params.root(Weights.random(new Random(seed)), home);
    params.matrix("a", Shape.of(2, 3), Init.normal(1));
    return values(params.matrix("b", Shape.of(4, 3), Init.normal(1)));
  }

  private Params params(Checkpoint checkpoint, KeyMap keys) {
    return Params.root(new CheckpointWeights("test.safetensors", checkpoint, keys), home);
  }

  private static double[] values(Parameter parameter) {
    return parameter.value().toDoubles();
  }
}
