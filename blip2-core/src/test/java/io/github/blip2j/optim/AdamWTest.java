package io.github.blip2j.optim;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class AdamWTest {
  private final Scope home = Scope.detached();
  private final Params params = Params.root(Weights.random(new SplittableRandom(1)), home);

  @AfterEach
  void release() {
    home.close();
  }

  @Test
  void step_sixTimesInTwoGroups_matchesPyTorch() {
    try (Golden golden = Golden.open(Fixtures.own("optim/adamw"));
        AdamW optimizer = optimizer(golden)) {
      double[] rates = golden.get("rates").toDoubles();

      for (int step = 0; step < rates.length; step++) {
        for (Parameter parameter : optimizer.parameters()) {
          String gradient = String.format(Locale.ROOT, "gradient.%d.%s", step, parameter.name());
          if (golden.has(gradient)) {
            parameter.value().backward(golden.get(gradient));
          }
        }
        optimizer.step(rates[step], 1);
        optimizer.clearGradients();
        for (Parameter parameter : optimizer.parameters()) {
          String value = String.format(Locale.ROOT, "value.%d.%s", step, parameter.name());
          golden.assertClose(value, parameter.value(), 3e-7);
        }
      }

      optimizer.state().forEach((name, tensor) -> golden.assertClose(name, tensor, 1e-7));
    }
  }

  private AdamW optimizer(Golden golden) {
    for (String name :
        List.of("query", "layer.weight", "layer.bias", "norm.scale", "temperature")) {
      Tensor start = golden.get("start." + name);
      params.get(name, start.shape(), (shape, random) -> start.copy()).train();
    }
    return new AdamW(ParameterGroup.of(params.all().values(), 0.05), AdamWRule.DEFAULT);
  }

  @Test
  void step_gradientScale_isThatOfAScaledGradient() {
    Parameter scaled = parameter("scaled", 1, 2);
    Parameter plain = parameter("plain", 1, 2);
    var group = new ParameterGroup(List.of(scaled), 1, 0.1);
    var other = new ParameterGroup(List.of(plain), 1, 0.1);

    try (AdamW one = new AdamW(List.of(group), AdamWRule.DEFAULT);
        AdamW two = new AdamW(List.of(other), AdamWRule.DEFAULT)) {
      for (int step = 0; step < 3; step++) {
        scaled.clearGradient();
        plain.clearGradient();
        scaled.value().backward(Tensor.of(new float[] {2 + step, -4}, 2));
        plain.value().backward(Tensor.of(new float[] {(2 + step) / 4f, -1}, 2));
        one.step(0.01, 0.25);
        two.step(0.01, 1);
      }
    }

    assertArrayEquals(plain.value().toFloats(), scaled.value().toFloats());
  }

  @Test
  void step_groupOfHalfTheRate_movesHalfAsFar() {
    Parameter slow = parameter("slow", 1, 1);
    Parameter fast = parameter("fast", 1, 1);
    var groups =
        List.of(new ParameterGroup(List.of(slow), 0.5, 0), new ParameterGroup(List.of(fast), 1, 0));

    try (AdamW optimizer = new AdamW(groups, AdamWRule.DEFAULT)) {
      slow.value().backward(Tensor.of(new float[] {3, 3}, 2));
      fast.value().backward(Tensor.of(new float[] {3, 3}, 2));
      optimizer.step(0.1, 1);
    }

    assertArrayEquals(new float[] {0.95f, 0.95f}, slow.value().toFloats(), 1e-6f);
    assertArrayEquals(new float[] {0.9f, 0.9f}, fast.value().toFloats(), 1e-6f);
  }

  @Test
  void gradientNorm_isOfAllParametersTogether() {
    Parameter first = parameter("first", 0, 0);
    Parameter second = parameter("second", 0, 0);
    parameter("without", 0, 0);

    try (AdamW optimizer =
        new AdamW(ParameterGroup.of(params.all().values(), 0), AdamWRule.DEFAULT)) {
      first.value().backward(Tensor.of(new float[] {1, 2}, 2));
      second.value().backward(Tensor.of(new float[] {2, 4}, 2));

      assertEquals(5, optimizer.gradientNorm(), 1e-12);
    }
  }

  @Test
  void restore_savedState_goesOnBitForBit() throws IOException {
    Parameter one = parameter("one", 1, 2);
    Parameter two = parameter("two", 1, 2);
    var group = new ParameterGroup(List.of(one), 1, 0.05);
    var other = new ParameterGroup(List.of(two), 1, 0.05);

    try (AdamW first = new AdamW(List.of(group), AdamWRule.DEFAULT);
        AdamW second = new AdamW(List.of(other), AdamWRule.DEFAULT)) {
      one.value().backward(Tensor.of(new float[] {0.3f, -7}, 2));
      first.step(0.01, 1);
      Map<String, Tensor> state = first.state();

      second.restore((name, dtype, shape) -> requireNonNull(state.get(name.replace("two", "one"))));
      two.freeze();
      two.value().copyInPlace(one.value().detach());
      two.train();
      two.value().backward(Tensor.of(new float[] {0.3f, -7}, 2));
      first.step(0.01, 1);
      second.step(0.01, 1);
    }

    assertArrayEquals(one.value().toFloats(), two.value().toFloats());
  }

  @Test
  void close_givesTheStateBack() {
    params.get("big", Shape.of(1000, 100), Init.zeros()).train();
    long before = TensorMemory.usedBytes();

    AdamW optimizer = new AdamW(ParameterGroup.of(params.all().values(), 0), AdamWRule.DEFAULT);
    long during = TensorMemory.usedBytes();
    optimizer.close();

    assertEquals(before, TensorMemory.usedBytes());
    assertEquals(2, (during - before) / 400_000); // and what rounding up adds
  }

  @Test
  void construction_frozenParameter_isRefused() {
    Parameter frozen = params.get("visual.weight", Shape.of(2), Init.zeros());
    var group = new ParameterGroup(List.of(frozen), 1, 0);

    var refused =
        assertThrows(
            IllegalArgumentException.class, () -> new AdamW(List.of(group), AdamWRule.DEFAULT));

    assertEquals(
        "adamW: parameters expected to be trained, got visual.weight, which is frozen",
        refused.getMessage());
  }

  @Test
  void construction_parameterInTwoGroups_isRefused() {
    Parameter twice = parameter("head.weight", 0, 0);
    var group = new ParameterGroup(List.of(twice), 1, 0);
    long before = TensorMemory.usedBytes();

    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> new AdamW(List.of(group, group), AdamWRule.DEFAULT));

    assertEquals(
        "adamW: parameters expected in one group each, got head.weight twice",
        refused.getMessage());
    assertEquals(before, TensorMemory.usedBytes());
  }

  private Parameter parameter(String name, float... values) {
    Parameter parameter =
        params.get(name, Shape.of(values.length), (shape, random) -> Tensor.of(values, 2));
    parameter.train();
    assertEquals(DType.FLOAT32, parameter.value().dtype());
    return parameter;
  }
}
