package io.github.blip2j.optim;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class GroupedOptimizerTest {
  private final Scope home = Scope.detached();
  private final Params params = Params.root(Weights.random(new SplittableRandom(1)), home);
  private final Parameter matrix = parameter("matrix", 2, 3);
  private final Parameter vector = parameter("vector", 3);

  @AfterEach
  void release() {
    home.close();
  }

  private Parameter parameter(String name, long... shape) {
    Parameter parameter =
        params.get(
            name, Shape.of(shape), (of, random) -> Tensor.full(DType.FLOAT32, 1, of.toArray()));
    parameter.train();
    return parameter;
  }

  private List<ParameterGroup> groups() {
    return List.of(new ParameterGroup(List.of(matrix, vector), 1, 0));
  }

  /** Steps against gradients divided by the root of their mean square, row by row. */
  private static final class Rows extends GroupedOptimizer {
    Rows(List<ParameterGroup> groups, Function<Shape, Map<String, Shape>> stateOf) {
      super("rows", groups, stateOf);
    }

    static Map<String, Shape> state(Shape shape) {
      Map<String, Shape> state = new LinkedHashMap<>();
      state.put(shape.rank() == 2 ? "row" : "all", Shape.of(shape.dim(0)));
      return state;
    }

    @Override
    protected void update(ParameterUpdate it) {
      Tensor g = it.gradient();
      if (g.rank() == 2) {
        it.state("row").addInPlace(g.mul(g).mean(1));
        Tensor root = it.state("row").sqrt().reshape(g.dim(0), 1);
        it.value().addInPlace(g.div(root).mul(-it.lr()));
      } else {
        it.value().addInPlace(g.mul(-it.lr() / it.number()));
      }
    }
  }

  @Test
  void step_stateOfOtherShapes_isMadeSavedAndUsed() {
    try (var optimizer = new Rows(groups(), Rows::state)) {
      assertEquals(
          List.of("row.matrix", "step.matrix", "all.vector", "step.vector"),
          List.copyOf(optimizer.state().keySet()));
      matrix.value().backward(Tensor.of(new float[] {3, 3, 3, 0, 0, 6}, 2, 3));
      vector.value().backward(Tensor.of(new float[] {1, 2, 4}, 3));

      optimizer.step(0.5);
      optimizer.step(0.5, 0.5);

      assertArrayEquals(
          new float[] {9 + 2.25f, 12 + 3},
          requireNonNull(optimizer.state().get("row.matrix")).toFloats(),
          1e-6f);
      assertArrayEquals(
          new float[] {1 - 0.5f - 0.125f, 1 - 1 - 0.25f, 1 - 2 - 0.5f},
          vector.value().toFloats(),
          1e-6f);
      float second = (float) (0.5 * 1.5 / Math.sqrt(11.25));
      assertEquals(1 - 0.5f - second, matrix.value().toFloats()[0], 1e-6f);
    }
  }

  @Test
  void step_temporaries_areReleased() {
    try (var optimizer = new Rows(groups(), Rows::state)) {
      matrix.value().backward(Tensor.of(new float[] {3, 3, 3, 0, 0, 6}, 2, 3));
      long before = TensorMemory.usedBytes();

      optimizer.step(0.5, 0.5);

      assertEquals(before, TensorMemory.usedBytes());
    }
  }

  @Test
  void state_ofAnotherName_isRefused() {
    var optimizer =
        new GroupedOptimizer("mine", groups(), "m") {
          @Override
          protected void update(ParameterUpdate it) {
            it.state("v");
          }
        };
    matrix.value().backward(Tensor.of(new float[6], 2, 3));

    var refused = assertThrows(IllegalArgumentException.class, () -> optimizer.step(1));

    assertEquals(
        "optimizer: state of matrix expected as one of [m], got v; name it in the constructor",
        refused.getMessage());
    optimizer.close();
  }

  @Test
  void construction_namesOfStates_areChecked() {
    long before = TensorMemory.usedBytes();

    assertRefused("mine: names expected to differ among states, got 'm'; rename it", "m", "m");
    String rule = "mine: names expected not blank, not step, without '.', among states, got ";
    assertRefused(rule + "'step'; rename it", "m", "step");
    assertRefused(rule + "' '; rename it", " ");
    assertRefused(rule + "'m.first'; rename it", "m.first");
    assertEquals(before, TensorMemory.usedBytes());
  }

  @Test
  void construction_withoutATrainedParameter_isRefused() {
    Parameter frozen = params.get("frozen", Shape.of(2), Init.zeros());

    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> new AdamW(ParameterGroup.of(List.of(frozen), 0.05), AdamWRule.DEFAULT));

    assertEquals(
        "adamW: at least one trained parameter expected, got none; call train() of the parameters"
            + " that are to learn first, or a model's trainQformer()",
        refused.getMessage());
  }

  private void assertRefused(String message, String... names) {
    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new GroupedOptimizer("mine", groups(), names) {
                  @Override
                  protected void update(ParameterUpdate it) {}
                });

    assertEquals(message, refused.getMessage());
  }

  @Test
  void clipScale_shortensOnlyWhatIsLonger() {
    assertEquals(1, Optimizer.clipScale(3, 4));
    assertEquals(1, Optimizer.clipScale(3, Double.POSITIVE_INFINITY));
    assertEquals(0.5, Optimizer.clipScale(8, 4), 1e-6);
    assertEquals(1, Optimizer.clipScale(0, 4));
  }
}
