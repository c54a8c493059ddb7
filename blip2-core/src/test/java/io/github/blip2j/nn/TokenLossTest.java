package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.GradCheck;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class TokenLossTest {
  private static final int B = 2;
  private static final int T = 3;
  private static final int V = 5;
  private static final long NONE = TokenLoss.IGNORED;

  private final double[] scores = new Random(3).doubles(B * T * V, -2, 2).toArray();
  private Tensor logits;
  private Tensor labels;

  @BeforeEach
  void build() {
    logits = Tensor.of(scores, B, T, V);
    labels = labels(1, 4, 0, 2, 3, NONE);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.1, 1})
  void mean_ofNextTokens_isOverThoseThatCount(double smoothing) {
    TokenLoss loss = TokenLoss.ofNextToken().withSmoothing(smoothing);

    double expected =
        (token(0, 4, smoothing) + token(1, 0, smoothing) + token(3, 3, smoothing)) / 3;
    assertEquals(expected, loss.of(logits, labels).item(), 1e-12);
  }

  @Test
  void mean_ofSameTokens_predictsEachPlace() {
    Tensor sparse = labels(NONE, 4, NONE, NONE, NONE, 2);

    double expected = (token(1, 4, 0) + token(5, 2, 0)) / 2;
    assertEquals(expected, TokenLoss.ofSameToken().of(logits, sparse).item(), 1e-12);
  }

  @Test
  void perSequence_sumsTheTokensOfEach() {
    TokenLoss loss = TokenLoss.ofNextToken().withSmoothing(0.1).perSequence();

    assertArrayEquals(
        new double[] {token(0, 4, 0.1) + token(1, 0, 0.1), token(3, 3, 0.1)},
        loss.of(logits, labels).toDoubles(),
        1e-12);
  }

  @ParameterizedTest
  @EnumSource(TokenLoss.Reduction.class)
  void noLabelThatCounts_isZeroWithZeroGradients(TokenLoss.Reduction reduction) {
    TokenLoss loss = new TokenLoss(TokenLoss.Target.SAME, 0.1, reduction);
    Tensor nothing = labels(NONE, NONE, NONE, NONE, NONE, NONE);

    for (UnaryOperator<Tensor> of : variants(loss, nothing)) {
      double[][] gradient = new double[1][];
      Tensor value = of.apply(logits.leaf(g -> gradient[0] = g.toDoubles()));
      value.sum().backward();

      for (double each : value.toDoubles()) {
        assertEquals(0, each);
      }
      assertArrayEquals(new double[B * T * V], gradient[0]);
    }
  }

  @ParameterizedTest
  @EnumSource(TokenLoss.Reduction.class)
  void ofHidden_scoresOnlyWhatCounts_andIsTheSame(TokenLoss.Reduction reduction) {
    TokenLoss loss = new TokenLoss(TokenLoss.Target.NEXT, 0.1, reduction);
    long[] rows = new long[1];

    Tensor value =
        loss.of(
            logits,
            labels,
            hidden -> {
              rows[0] = hidden.dim(0);
              return hidden;
            });

    assertArrayEquals(loss.of(logits, labels).toDoubles(), value.toDoubles(), 1e-12);
    assertEquals(3, rows[0]);
  }

  @ParameterizedTest
  @EnumSource(TokenLoss.Reduction.class)
  void gradients_agreeWithDifferences(TokenLoss.Reduction reduction) {
    TokenLoss loss = new TokenLoss(TokenLoss.Target.NEXT, 0.1, reduction);

    for (UnaryOperator<Tensor> of : variants(loss, labels)) {
      GradCheck.check(in -> of.apply(in.get(0)), logits);
    }
  }

  @Test
  void labels_ofAnotherNegative_areRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> TokenLoss.ofNextToken().of(logits, labels(1, 2, 3, 4, 0, -1)));

    assertEquals("loss: labels expected 0 or more, or -100 to ignore, got -1", e.getMessage());
  }

  @Test
  void labels_ofAnotherShapeOrType_areRefused() {
    TokenLoss loss = TokenLoss.ofSameToken();
    Tensor flat = labels.reshape(3, 2);

    var shape = assertThrows(IllegalArgumentException.class, () -> loss.of(logits, flat));
    var type =
        assertThrows(
            IllegalArgumentException.class, () -> loss.of(logits, logits.select(2, 0).copy()));

    assertEquals("loss: labels expected [2, 3], got [3, 2]", shape.getMessage());
    assertEquals("loss: labels expected INT64, got FLOAT64", type.getMessage());
  }

  @Test
  void smoothing_outsideItsRange_isRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> TokenLoss.ofNextToken().withSmoothing(1.5));

    assertEquals("loss: smoothing expected in [0, 1], got 1.5", e.getMessage());
  }

  private static List<UnaryOperator<Tensor>> variants(TokenLoss loss, Tensor labels) {
    return List.of(x -> loss.of(x, labels), x -> loss.of(x, labels, hidden -> hidden));
  }

  /** PyTorch's formula for one row, in a loop. */
  private double token(int row, int label, double smoothing) {
    double sum = 0;
    for (int v = 0; v < V; v++) {
      sum += Math.exp(scores[row * V + v]);
    }
    double loss = 0;
    for (int v = 0; v < V; v++) {
      double share = smoothing / V + (v == label ? 1 - smoothing : 0);
      loss -= share * (scores[row * V + v] - Math.log(sum));
    }
    return loss;
  }

  private static Tensor labels(long... values) {
    return Tensor.of(values, B, T);
  }
}
