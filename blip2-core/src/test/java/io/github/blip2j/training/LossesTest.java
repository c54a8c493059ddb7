package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class LossesTest {
  private static Tensor scalar(double value) {
    return Tensor.of(new double[] {value}, new long[0]);
  }

  private static Losses losses() {
    return Losses.of(scalar(3)).with("itc", scalar(1)).with("itm", scalar(2));
  }

  @Test
  void plus_term_addsItWeightedAndLogsItPlain() {
    Losses more = losses().plus("mlm", scalar(10), 0.5).plus("norm", scalar(4));

    assertEquals(
        Map.of("loss", 12.0, "loss_itc", 1.0, "loss_itm", 2.0, "loss_mlm", 10.0, "loss_norm", 4.0),
        more.values());
    assertEquals(
        List.of("itc", "itm", "mlm", "norm"), List.copyOf(more.parts().keySet()), "in order");
  }

  @Test
  void plus_losses_addsTotalsAndKeepsTheParts() {
    Losses other = Losses.of(scalar(8)).with("text", scalar(5));

    assertEquals(
        Map.of("loss", 5.0, "loss_itc", 1.0, "loss_itm", 2.0, "loss_text", 5.0),
        losses().plus(other, 0.25).values());
    assertEquals(11, losses().plus(other).total().item());
  }

  @Test
  void plus_gradient_isThatOfTheSum() {
    float[][] gradients = new float[2][];
    Tensor a = scalar(3).leaf(g -> gradients[0] = g.to(DType.FLOAT32).toFloats());
    Tensor b = scalar(5).leaf(g -> gradients[1] = g.to(DType.FLOAT32).toFloats());

    Losses.of(a.mul(a)).plus("b", b.mul(b), 0.5).total().backward();

    assertArrayEquals(new float[] {6}, gradients[0]);
    assertArrayEquals(new float[] {5}, gradients[1]);
  }

  @Test
  void plus_nameThatIsThere_isRefused() {
    String message = "losses: parts expected with names that differ, got itc twice; rename one";

    assertRefused(message, () -> losses().plus("itc", scalar(1)));
    assertRefused(message, () -> losses().with("itc", scalar(1)));
    assertRefused(message, () -> losses().plus(losses()));
    assertRefused(
        "losses: name of a part expected, got a blank one; name it, for the log",
        () -> losses().plus(" ", scalar(1)));
  }

  @Test
  @SuppressWarnings("NullAway") // callers outside the null checker
  void plus_null_isRefused() {
    assertRefused(
        "losses: mlm expected a scalar, got null; leave it out", () -> losses().plus("mlm", null));
    assertRefused(
        "losses: name of a part expected, got null; name it, for the log",
        () -> losses().with(null, scalar(1)));
    assertRefused("losses: total expected a scalar, got null; leave it out", () -> Losses.of(null));
    assertRefused(
        "losses: other losses expected, got null; leave them out",
        () -> losses().plus((Losses) null));
  }

  @Test
  void plus_noScalar_isRefused() {
    Tensor rows = Tensor.of(new double[] {1, 2}, 2);

    assertRefused(
        "losses: mlm expected a scalar, got [2]; take its mean or sum",
        () -> losses().plus("mlm", rows));
    assertRefused(
        "losses: total expected a scalar, got [2]; take its mean or sum", () -> Losses.of(rows));
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
  void plus_weightThatIsNotFinite_isRefused(double weight) {
    assertRefused(
        "losses: weight expected finite, got " + weight,
        () -> losses().plus("mlm", scalar(1), weight));
  }

  private static void assertRefused(String message, Executable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action).getMessage());
  }
}
