package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class CancellationTokenTest {
  @Test
  void check_noToken_passes() {
    assertDoesNotThrow(CancellationToken::check);
  }

  @Test
  void check_tokenNotEntered_passes() {
    CancellationToken.create().cancel();

    assertDoesNotThrow(CancellationToken::check);
  }

  @Test
  void check_cancelledTokenOfAnOuterBlock_throws() {
    var outer = CancellationToken.create();
    try (var first = outer.enter();
        var second = CancellationToken.create().enter()) {
      assertDoesNotThrow(CancellationToken::check);
      outer.cancel();
      assertThrows(CancellationException.class, CancellationToken::check);
    }
    assertDoesNotThrow(CancellationToken::check);
  }

  @Test
  void check_cancelledTokenOfAClosedInnerBlock_passes() {
    try (var outer = CancellationToken.create().enter()) {
      var inner = CancellationToken.create();
      inner.enter().close();
      inner.cancel();
      assertDoesNotThrow(CancellationToken::check);
    }
  }

  @Test
  void check_tokenEnteredOnAnotherThread_passesThere() throws InterruptedException {
    var token = CancellationToken.create();
    token.cancel();
    var failure = new AtomicReference<Throwable>();
    try (var here = token.enter()) {
      var other = new Thread(CancellationToken::check);
      other.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
      other.start();
      other.join();
    }

    assertEquals(null, failure.get());
  }

  @Test
  void within_noTime_isCancelledAndSaysItsLimit() {
    var token = CancellationToken.within(Duration.ZERO);

    assertTrue(token.isCancelled());
    assertEquals(
        "cancelled: end expected within 0 ms, got none; allow more time or ask for less",
        assertThrows(CancellationException.class, token::throwIfCancelled).getMessage());
  }

  @Test
  void within_anHour_isCancelledByTheCallerAlone() {
    var token = CancellationToken.within(Duration.ofHours(1));
    assertFalse(token.isCancelled());

    token.cancel();

    assertTrue(token.isCancelled());
    assertEquals(
        "cancelled: the caller stopped this work before its end",
        assertThrows(CancellationException.class, token::throwIfCancelled).getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT-0.000000001S", "P36501D", "PT2562047788015215H30M7S"})
  void within_noSuchTime_isRefused(String limit) {
    Duration duration = Duration.parse(limit);

    assertThrows(IllegalArgumentException.class, () -> CancellationToken.within(duration));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void stack_cancelledInItsSecondLayer_doesNotRunItsThird(boolean recomputing) {
    var token = CancellationToken.create();
    List<Integer> seen = new ArrayList<>();
    LayerStack.Layer layer =
        (x, pass) -> {
          seen.add(seen.size());
          if (seen.size() == 2) {
            token.cancel();
          }
          return x.add(1);
        };
    LayerStack stack = LayerStack.of("stack", List.of(layer, layer, layer, layer));
    ForwardPass pass =
        recomputing
            ? ForwardPass.evaluation().withGradientCheckpointing()
            : ForwardPass.evaluation();
    Tensor input = Tensor.of(new float[] {1, 2}, 2);

    try (var block = token.enter()) {
      assertThrows(CancellationException.class, () -> stack.forward(() -> input, pass));
    }

    assertEquals(List.of(0, 1), seen);
  }
}
