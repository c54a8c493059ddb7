package io.github.blip2j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Shape;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ParameterGroupTest {
  private final Scope home = Scope.detached();
  private final Params params = Params.root(Weights.random(new SplittableRandom(1)), home);

  @AfterEach
  void release() {
    home.close();
  }

  @Test
  void of_ruleOfLavis_sparesVectorsAndBiasesOnly() {
    trained("queries", 1, 4, 6);
    trained("words.weight", 9, 6);
    trained("norm.weight", 6);
    trained("odd.bias", 2, 3);
    trained("temperature");
    params.get("frozen.weight", Shape.of(2, 2), Init.zeros());

    Map<String, Double> decays = new TreeMap<>();
    for (ParameterGroup group : ParameterGroup.of(params.all().values(), 0.05)) {
      assertEquals(1, group.lrScale());
      group.parameters().forEach(p -> decays.put(p.name(), group.weightDecay()));
    }

    assertEquals(
        Map.of(
            "queries", 0.05,
            "words.weight", 0.05,
            "temperature", 0.05,
            "norm.weight", 0.0,
            "odd.bias", 0.0),
        decays);
  }

  @Test
  void of_layerDecay_scalesByLayer() {
    trained("patches.weight", 2, 3);
    trained("blocks.0.weight", 2, 3);
    trained("blocks.1.bias", 3);
    trained("head.weight", 2, 3);
    var layers = new LayerDecay(0.5, 2, ParameterGroupTest::layerOf);

    Map<String, Double> scales = new TreeMap<>();
    for (ParameterGroup group : ParameterGroup.of(params.all().values(), 0.05, layers)) {
      group.parameters().forEach(p -> scales.put(p.name(), group.lrScale()));
    }

    assertEquals(
        Map.of(
            "patches.weight", 0.125,
            "blocks.0.weight", 0.25,
            "blocks.1.bias", 0.5,
            "head.weight", 1.0),
        scales);
  }

  private static int layerOf(String name) {
    if (name.startsWith("blocks.")) {
      return Integer.parseInt(name.substring(7, 8)) + 1;
    }
    return name.startsWith("head") ? 3 : 0;
  }

  @Test
  void of_layerThatIsNot_isNamed() {
    trained("x", 2, 3);
    var layers = new LayerDecay(0.5, 2, name -> 4);

    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> ParameterGroup.of(params.all().values(), 0.05, layers));

    assertEquals("layerDecay: layer of x expected 0 to 3, got 4", refused.getMessage());
  }

  @Test
  void construction_ofNonsense_isRefused() {
    var decay =
        assertThrows(IllegalArgumentException.class, () -> new ParameterGroup(List.of(), 1, -0.05));
    var scale =
        assertThrows(
            IllegalArgumentException.class, () -> new ParameterGroup(List.of(), Double.NaN, 0));
    var rate =
        assertThrows(IllegalArgumentException.class, () -> new LayerDecay(1.1, 2, name -> 0));

    assertEquals(
        "parameterGroup: weightDecay expected at least 0 and finite, got -0.05",
        decay.getMessage());
    assertEquals(
        "parameterGroup: lrScale expected at least 0 and finite, got NaN", scale.getMessage());
    assertEquals("layerDecay: rate expected in (0, 1], got 1.1", rate.getMessage());
  }

  private void trained(String name, long... shape) {
    Parameter parameter = params.get(name, Shape.of(shape), Init.zeros());
    parameter.train();
  }
}
