package io.github.blip2j.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Seconds of fuzzing for each target in every build; {@code -Dblip2.fuzz.seconds=3600} makes it
 * hours, {@code -Dblip2.fuzz.targets=pictures,torch} chooses.
 */
final class CampaignTest {
  static List<FuzzTarget> targets() {
    Set<String> wanted = Set.of(System.getProperty("blip2.fuzz.targets", "").split(","));
    return Arrays.stream(FuzzTarget.values())
        .filter(target -> wanted.contains("") || wanted.contains(target.toString()))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("targets")
  void run_forAWhile_findsNothing(FuzzTarget target) throws Exception {
    int seconds = Integer.getInteger("blip2.fuzz.seconds", 3);

    Campaign.Outcome outcome =
        new Campaign(target, Path.of(System.getProperty("blip2.fuzz.folder"))).run(seconds);

    System.out.println(target + ": " + outcome.inputs() + " inputs in " + seconds + " s");
    assertEquals("", outcome.finding(), outcome.log().toString());
    assertTrue(outcome.inputs() >= target.seeds().size(), outcome.log().toString());
  }
}
