package io.github.blip2j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RetrievalTraceTest {
  @Test
  void trace_aFewOfEach_tellsOfEveryStep(@TempDir Path folder) throws IOException {
    List<String> lines = RetrievalTrace.trace(9, 20, 3, folder);

    assertEquals("step seconds resident_mib peak_mib", lines.get(0));
    List<String> steps = List.of("images", "texts", "rank");
    assertEquals(1 + steps.size(), lines.size());
    for (int i = 0; i < steps.size(); i++) {
      String line = lines.get(i + 1);
      assertTrue(line.matches(steps.get(i) + " [\\d.]+ (\\d+|NaN) (\\d+|NaN)"), line);
    }
  }
}
