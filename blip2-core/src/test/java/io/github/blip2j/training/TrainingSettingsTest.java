package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.types.Precision;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class TrainingSettingsTest {
  private final TrainingSettings settings =
      TrainingSettings.of(Path.of("out"), Schedule.Constant.of(1e-4));

  @Test
  void withers_changeOneNumberEach() {
    TrainingSettings changed =
        settings
            .withEpochs(2)
            .withMaxSteps(3)
            .withAccumulate(4)
            .withClipNorm(5)
            .withLogEvery(6)
            .withCheckpointEvery(7)
            .withKeep(8)
            .withSeed(9)
            .withPrecision(Precision.BFLOAT16);

    assertEquals(
        new TrainingSettings(
            settings.output(), settings.schedule(), 2, 3, 4, 5, 6, 7, 8, 9, Precision.BFLOAT16),
        changed);
  }

  @Test
  void construction_ofNonsense_isRefused() {
    var none = assertThrows(IllegalArgumentException.class, () -> settings.withAccumulate(0));
    var clip = assertThrows(IllegalArgumentException.class, () -> settings.withClipNorm(0));

    assertEquals("training: accumulate expected at least 1, got 0", none.getMessage());
    assertEquals("training: clipNorm expected positive, got 0.0", clip.getMessage());
  }
}
