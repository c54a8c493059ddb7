package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Captioning for hours must not grow the process.
 *
 * <p>Off-heap memory of tensors is counted and must not move by a byte. The resident size of the
 * whole process also shows what only native libraries know of. It is read in a process of its own
 * whose heap is small, fixed and touched at the start: a heap that may grow moves by hundreds of
 * MiB, whatever is collected before. What is left to move is code that the JIT still compiles and
 * tables of the native libraries, four or five MiB by then; a caption runs a thousand operations,
 * so that a leak of 100 bytes in each would add 20 MiB.
 */
final class Blip2LeakTest {
  private static final long SLACK_KIB = 8 << 10;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"greedy,300", "beams,200"})
  void generate_hundredsOfTimes_keepsMemory(String decoding, int rounds) throws Exception {
    long[] found = probe(decoding, rounds);

    assertEquals(found[0], found[1], "bytes of live tensors");
    assertEquals(found[2], found[3], "bytes held for tensors");
    assertTrue(
        found[5] - found[4] <= SLACK_KIB,
        String.format(
            Locale.ROOT,
            "resident memory expected to grow by at most %d KiB, got %d KiB -> %d KiB",
            SLACK_KIB,
            found[4],
            found[5]));
  }

  private long[] probe(String decoding, int rounds) throws IOException, InterruptedException {
    Path findings = folder.resolve("findings");
    Path log = folder.resolve("log");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xms64m",
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-XX:+AlwaysPreTouch",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            LeakProbe.class.getName(),
            decoding,
            Integer.toString(rounds),
            findings.toString());
    var builder = new ProcessBuilder(command);
    // glibc gives each thread an arena of its own, and each grows to its thread's busiest moment.
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    boolean ended = process.waitFor(3, TimeUnit.MINUTES);
    process.destroyForcibly();
    assertTrue(ended && Files.exists(findings), () -> "probe failed: " + read(log));
    return Arrays.stream(Files.readString(findings).split(" "))
        .mapToLong(Long::parseLong)
        .toArray();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
