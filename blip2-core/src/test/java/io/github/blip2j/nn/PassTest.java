package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class PassTest {
  @Test
  void evaluation_hasNoRandomSourceAndNobodyWatches() {
    Pass pass = Pass.evaluation();

    assertNull(pass.random());
    assertFalse(pass.observer().wantsAttention());
  }

  @Test
  void observedBy_keepsTheRandomSourceAndLeavesTheOriginalAlone() {
    Random random = new Random(1);
    Pass training = Pass.training(random);
    Pass.Observer observer = new Pass.Observer() {};

    Pass observed = training.observedBy(observer);

    assertSame(random, observed.random());
    assertSame(observer, observed.observer());
    assertFalse(training.observer() == observer);
  }
}
