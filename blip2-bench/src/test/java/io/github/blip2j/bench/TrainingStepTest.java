package io.github.blip2j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class TrainingStepTest {
  private static final String SIZES =
      """
      {
        "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3,
        "intermediate_size": 20, "vocab_size": 50, "max_position_embeddings": 7
      }
      """;

  @Test
  void run_smallModel_givesEveryParameterAGradientOfItsShape() throws IOException {
    BertConfig config = BertConfig.fromPlainJson(ConfigJson.parse("small", SIZES));
    try (Scope memory = Scope.detached();
        Scope scope = Scope.open()) {
      TrainingStep step = TrainingStep.of(config, TiledWeights.of(0), Precision.FLOAT32, memory);
      Tensor ids = Tensor.of(new long[] {3, 1, 4, 1, 5, 9, 2, 6, 5, 3}, 2, 5);

      double first = step.run(ids).item();
      float[] gradient = gradient(step.parameters().get(0));
      double second = step.run(ids).item();

      assertTrue(Math.abs(first - Math.log(50)) < 0.5, "a loss near chance expected, got " + first);
      assertEquals(first, second);
      assertEquals(42, step.parameters().size());
      for (Parameter parameter : step.parameters()) {
        assertTrue(anyNonZero(gradient(parameter)), parameter.name());
      }
      // Cleared before each step: a sum over two would be twice as large.
      assertEquals(Arrays.toString(gradient), Arrays.toString(gradient(step.parameters().get(0))));
    }
  }

  private static float[] gradient(Parameter parameter) {
    Tensor gradient = parameter.gradient();
    assertNotNull(gradient, parameter.name());
    assertEquals(parameter.value().shape(), gradient.shape(), parameter.name());
    return gradient.toFloats();
  }

  private static boolean anyNonZero(float[] values) {
    for (float value : values) {
      if (value != 0) {
        return true;
      }
    }
    return false;
  }
}
