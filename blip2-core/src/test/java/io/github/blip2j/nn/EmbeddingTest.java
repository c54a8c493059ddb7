package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class EmbeddingTest {
  private Params params;
  private Embedding words;

  @BeforeEach
  void build(Scope scope) {
    params = NoisyWeights.params(scope, 3);
    words = new Embedding(6, 4, params.at("words"));
  }

  @Test
  void forward_ids_areRowsOfTheTable() {
    long[] ids = {5, 0, 3, 3, 1, 2};

    Tensor y = words.forward(Tensor.of(ids, 2, 3));

    y.shape().require("test", "y", 2, 3, 4);
    double[] table = table();
    double[] expected = new double[ids.length * 4];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = table[(int) ids[i / 4] * 4 + i % 4];
    }
    assertArrayEquals(expected, y.toDoubles());
  }

  @Test
  void forward_trained_repeatedIdsAddTheirGradients() {
    Parameter table = Loops.parameter(params, "words.weight");
    table.train();

    words.forward(Tensor.ids(2, 5, 2)).sum().backward();

    double[] expected = new double[24];
    for (int i = 0; i < 4; i++) {
      expected[2 * 4 + i] = 2;
      expected[5 * 4 + i] = 1;
    }
    Tensor gradient = table.gradient();
    assertNotNull(gradient);
    assertArrayEquals(expected, gradient.toDoubles());
  }

  @Test
  void scores_areProductsWithEveryRow() {
    Tensor x = NoisyWeights.tensor(new Random(7), 2, 3, 4);

    Tensor scores = words.scores(x);

    scores.shape().require("test", "scores", 2, 3, 6);
    double[] expected = Loops.linear(Loops.values(params), "words", x.toDoubles(), 4);
    Loops.assertClose("scores", expected, scores, 1e-6);
  }

  @ParameterizedTest
  @ValueSource(longs = {6, -1})
  void forward_idOutsideTheTable_namesModuleAndId(long id) {
    Tensor ids = Tensor.of(new long[] {0, id}, 2);

    var e = assertThrows(IllegalArgumentException.class, () -> words.forward(ids));

    assertEquals("words: ids expected 0 to 5, got " + id, e.getMessage());
  }

  @Test
  void forward_idsThatAreNotIntegers_areRefused() {
    Tensor ids = Tensor.zeros(DType.FLOAT32, 2);

    var e = assertThrows(IllegalArgumentException.class, () -> words.forward(ids));

    assertEquals("words: ids expected INT64, got FLOAT32", e.getMessage());
  }

  @Test
  void scores_xOfWrongWidth_namesModuleAndBothShapes() {
    Tensor x = Tensor.zeros(DType.FLOAT32, 2, 5);

    var e = assertThrows(ShapeMismatchException.class, () -> words.scores(x));

    assertEquals("words: x expected [..., 4], got [2, 5]", e.getMessage());
  }

  private double[] table() {
    return Loops.of(Loops.values(params), "words.weight");
  }
}
