package io.github.blip2j.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every input that was ever a finding, and one of each kind, once more. */
final class CorpusTest {
  // Far more than any needs: a hang is to fail, not a slow machine.
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @ParameterizedTest
  @EnumSource(FuzzTarget.class)
  void run_everySeed_failsAsPromised(FuzzTarget target) {
    List<Path> seeds = target.seeds();
    assertFalse(seeds.isEmpty());

    for (Path seed : seeds) {
      assertTimeoutPreemptively(
          LIMIT, () -> run(target, seed), () -> target + "/" + seed.getFileName());
    }
  }

  private static void run(FuzzTarget target, Path seed) throws Exception {
    try {
      target.run(Files.readAllBytes(seed));
    } catch (Throwable e) {
      throw new AssertionError(target + "/" + seed.getFileName(), e);
    }
  }
}
