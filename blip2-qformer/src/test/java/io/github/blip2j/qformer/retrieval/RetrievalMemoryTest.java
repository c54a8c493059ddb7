package io.github.blip2j.qformer.retrieval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A thousand images and sixteen thousand texts in a heap of 40 MiB: their similarities alone would
 * take 61 MiB.
 */
final class RetrievalMemoryTest {
  @TempDir Path folder;

  @Test
  void rank_manyPairs_needsNoMatrixOfThem() throws Exception {
    Path findings = folder.resolve("findings");
    Path log = folder.resolve("log");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx40m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            RetrievalProbe.class.getName(),
            "1000",
            "16000",
            folder.toString(),
            findings.toString());
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    boolean ended = process.waitFor(3, TimeUnit.MINUTES);
    process.destroyForcibly();

    String said = Files.readString(log);
    assertTrue(ended && Files.exists(findings), () -> "probe failed: " + said);
    String[] found = Files.readString(findings).split(" ", -1);
    assertEquals(List.of("1000", "16000"), List.of(found[0], found[1]));
    long offHeap = Long.parseLong(found[2]);
    assertTrue(offHeap < 16 << 20, () -> "tensors expected below 16 MiB, got " + offHeap);
  }
}
