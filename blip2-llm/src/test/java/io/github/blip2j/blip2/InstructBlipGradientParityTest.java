package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What InstructBLIP learns from, against transformers 5.18: the gradients of its queries, of all
 * its Q-Former, text side and embeddings included, and of the projection, to 1e-4 of each one's
 * largest.
 */
final class InstructBlipGradientParityTest {
  private static final double GRADIENTS = 1e-4;
  private static final double KEY_BIASES = 1e-6; // zero but for rounding
  private static final String PREFIX = "train.grad.";

  static Stream<Path> folders() {
    return InstructFolder.withMore().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void gradients_ofAllThatLearns_equalReference(Path folder) throws IOException {
    Blip2Config config = Blip2Config.fromJson(ConfigJson.read(folder.resolve(Fixture.CONFIG)));
    KeyMap keys = HuggingFaceNames.keys(config);
    try (var home = Scope.detached();
        var checkpoint = Checkpoint.open(folder);
        var reader = InstructionReader.open(InstructionReader.in(folder), config);
        var golden = Golden.open(folder);
        var more = InstructFolder.more(folder);
        var scope = Scope.open()) {
      var weights = new CheckpointWeights(folder.toString(), checkpoint, keys);
      Params params = Params.root(weights, home);
      var model = new Blip2T5(config, params);
      params.finish();
      params
          .all()
          .forEach(
              (name, parameter) -> {
                if (isTrained(name)) {
                  parameter.train();
                }
              });
      TextBatch read = reader.read("train", InstructFolder.prompts(folder));

      Tensor logits = InstructBlipParityTest.logits(model, golden, read);
      TokenLoss.ofSameToken().of(logits, golden.get("train.labels")).backward();

      assertGradients(params.all(), keys, more);
    }
  }

  private static void assertGradients(
      Map<String, Parameter> parameters, KeyMap keys, Golden golden) {
    Set<String> compared = new TreeSet<>();
    parameters.forEach(
        (name, parameter) -> {
          Tensor gradient = parameter.gradient();
          if (!isTrained(name)) {
            assertNull(gradient, name);
            return;
          }
          String stored = PREFIX + keys.toStored(name).name();
          float[] expected = golden.get(stored).toFloats();
          // What the last layer makes of the words goes nowhere: zeros there, nothing here.
          float[] actual = gradient == null ? new float[expected.length] : gradient.toFloats();
          double tolerance =
              name.endsWith(".key.bias") ? KEY_BIASES : GRADIENTS * largest(expected);
          golden.assertClose(stored, "train.grad", expected, actual, tolerance);
          compared.add(stored);
        });
    Set<String> all = new TreeSet<>(golden.names());
    all.removeIf(name -> !name.startsWith(PREFIX));
    assertEquals(all, compared);
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static boolean isTrained(String name) {
    return name.startsWith("qformer.")
        || name.startsWith("queryTokens")
        || name.startsWith("projection.");
  }
}
