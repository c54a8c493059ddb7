package io.github.blip2j.qformer.objective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.qformer.objective.ContrastiveLoss.OtherSide;
import io.github.blip2j.tensor.GradCheck;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class ContrastiveLossTest {
  private static final int B = 3;
  private static final int Q = 4;
  private static final int P = 5;

  private final Random random = new Random(2);
  private Tensor images;
  private Tensor texts;
  private Tensor temperature;

  @BeforeEach
  void draw() {
    images = normal(B, Q, P);
    texts = normal(B, P);
    temperature = Tensor.of(new double[] {0.7}, 1);
  }

  @Test
  void gradient_ofBothSides_agreesWithFiniteDifferences() {
    var loss = ContrastiveLoss.lavis().with(OtherSide.ATTACHED);

    GradCheck.check(in -> of(loss, in, Pairs.of(B)), images, texts, temperature);
  }

  @Test
  void gradient_ofSharedImages_agreesWithFiniteDifferences() {
    var loss = ContrastiveLoss.lavis().with(OtherSide.ATTACHED);
    Pairs pairs = Pairs.withImageIds(List.of("a", "b", "a"));

    GradCheck.check(in -> of(loss, in, pairs), images, texts, temperature);
  }

  @Test
  void otherSide_detached_changesGradientsAndNoValue() {
    var detached = ContrastiveLoss.lavis();
    var attached = detached.with(OtherSide.ATTACHED);
    double[][] ofImages = new double[2][];

    Tensor one = of(detached, leaves(g -> ofImages[0] = g.toDoubles()), Pairs.of(B));
    Tensor other = of(attached, leaves(g -> ofImages[1] = g.toDoubles()), Pairs.of(B));
    one.backward();
    other.backward();

    assertEquals(one.item(), other.item(), 1e-12);
    double difference = 0;
    for (int i = 0; i < ofImages[0].length; i++) {
      difference = Math.max(difference, Math.abs(ofImages[0][i] - ofImages[1][i]));
    }
    assertTrue(difference > 1e-3, "largest difference " + difference);
  }

  private List<Tensor> leaves(Consumer<Tensor> sink) {
    return List.of(images.leaf(sink), texts, temperature);
  }

  @Test
  void similarity_isTheMostAlikeQuery() {
    Tensor two = Tensor.of(new double[] {1, 0, 0, 1, 1, 1}, 1, 3, 2);
    Tensor all = Tensor.of(new double[] {3, 1, -1, -2}, 2, 2);
    var similarities =
        Similarities.of(
            new Features(two, Tensor.of(new double[] {3, 1}, 1, 2)),
            new Features(two.expand(2, 3, 2).copy(), all),
            Tensor.of(new double[] {0.5}, 1));

    assertArrayEquals(new double[] {8, -2}, similarities.imageToText().toDoubles(), 1e-12);
    assertArrayEquals(new double[] {8, 8}, similarities.textToImage().toDoubles(), 1e-12);
  }

  @Test
  void similarity_equalQueries_sendTheGradientToTheFirst() {
    double[][] gradient = new double[1][];
    Tensor equal =
        Tensor.of(new double[] {1, 2, 1, 2}, 1, 2, 2).leaf(g -> gradient[0] = g.toDoubles());
    var own = new Features(equal, Tensor.of(new double[] {1, 1}, 1, 2));

    Similarities.of(own, own.detach(), Tensor.of(new double[] {1}, 1))
        .imageToText()
        .sum()
        .backward();

    assertArrayEquals(new double[] {1, 1, 0, 0}, gradient[0]);
  }

  @Test
  void loss_ofOnePair_isZeroAndNoNan() {
    var one = new Features(images.narrow(0, 0, 1).copy(), texts.narrow(0, 0, 1).copy());
    var loss = ContrastiveLoss.lavis();

    assertEquals(0, loss.of(loss.similarities(one, temperature), Pairs.of(1)).item(), 1e-12);
  }

  @Test
  void loss_allPairsOfOneImage_isTheLogarithmOfTheirNumberWhereAllAreAlike() {
    Tensor same = Tensor.full(DType.FLOAT64, 1, B, B);
    var similarities = new Similarities(same, same);

    Tensor loss = ContrastiveLoss.lavis().of(similarities, Pairs.withImageIds(List.of(7, 7, 7)));

    assertEquals(Math.log(B), loss.item(), 1e-6); // targets are float32
  }

  @Test
  void loss_similaritiesOfAnotherSize_isRefused() {
    Tensor square = Tensor.full(DType.FLOAT64, 1, B, B);

    var e =
        assertThrows(
            ShapeMismatchException.class,
            () -> ContrastiveLoss.lavis().of(new Similarities(square, square), Pairs.of(2)));

    assertEquals("contrast: similarities expected [2, 2], got [3, 3]", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1, Double.NaN})
  void smoothing_outOfBounds_isRefused(double smoothing) {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new ContrastiveLoss(smoothing, OtherSide.DETACHED));

    assertEquals("contrast: smoothing expected in [0, 1), got " + smoothing, e.getMessage());
  }

  private Tensor normal(long... shape) {
    long size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    return Tensor.of(random.doubles(size, -1, 1).toArray(), shape);
  }

  private static Tensor of(ContrastiveLoss loss, List<Tensor> inputs, Pairs pairs) {
    var features = new Features(inputs.get(0), inputs.get(1));
    return loss.of(loss.similarities(features, inputs.get(2)), pairs);
  }
}
