package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training run in a process of its own, which is killed while it writes a checkpoint. */
final class KilledTrainingTest {
  private static final Path MODEL =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "lavis-stage1");
  private static final int STEPS = 60;
  private static final String LAST = "step-00000060.safetensors";
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

  private static final String SEED = "blip2.killedTraining.seed"; // to kill at the same moments

  private final long seed = Long.getLong(SEED, System.nanoTime());
  private final Random random = new Random(seed);
  private final List<Process> started = new ArrayList<>();
  private final Path folder;
  private final Path captions;

  KilledTrainingTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      lines.add(
          String.format(
              Locale.ROOT, "{\"image\": \"%d.png\", \"caption\": \"A star, %d.\"}", i, i));
    }
    this.captions = Files.write(folder.resolve("captions.jsonl"), lines);
  }

  @AfterEach
  void endAll() throws InterruptedException {
    for (Process each : started) {
      each.destroyForcibly().waitFor();
    }
  }

  @Test
  void stage1_killedTwiceAndResumed_endsWithTheSameBits() throws Exception {
    Process whole = start("whole");
    killAfter(3, start("parts"));
    killAfter(12, start("parts", "--resume"));

    assertEquals(0, start("parts", "--resume").waitFor(), this::log);
    assertEquals(0, whole.waitFor(), this::log);
    assertArrayEquals(bytes("whole"), bytes("parts"), this::log);
  }

  /** Kills a run while it writes a checkpoint, or shortly before or after. */
  private void killAfter(int steps, Process run) throws Exception {
    try {
      long start = System.nanoTime();
      while (newest("parts") < steps) {
        assertTrue(run.isAlive(), () -> "ended by itself: " + log());
        assertTrue(System.nanoTime() - start < PATIENCE, () -> "too slow: " + log());
        Thread.sleep(1);
      }
      Thread.sleep(random.nextInt(10), random.nextInt(999_999));
      assertTrue(run.isAlive(), () -> "ended by itself: " + log());
    } finally {
      run.destroyForcibly().waitFor(); // SIGKILL
    }
    assertNotEquals(0, run.exitValue(), this::log);
    assertTrue(newest("parts") < STEPS, this::log);
  }

  private Process start(String run, String... more) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(train(run, more));
    var appending = ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile());
    var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(appending);
    Process child = builder.start();
    started.add(child);
    return child;
  }

  /** Updates of the last checkpoint that is there. */
  private int newest(String run) throws IOException {
    if (!Files.isDirectory(folder.resolve(run))) {
      return 0;
    }
    try (Stream<Path> files = Files.list(folder.resolve(run))) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.matches("step-\\d{8}\\.safetensors"))
          .mapToInt(name -> Integer.parseInt(name.substring(5, 13)))
          .max()
          .orElse(0);
    }
  }

  private byte[] bytes(String run) throws IOException {
    return Files.readAllBytes(folder.resolve(run).resolve(LAST));
  }

  private String log() {
    String again = "again with -D" + SEED + "=" + seed + System.lineSeparator();
    try {
      return again + Files.readString(folder.resolve("log"));
    } catch (IOException e) {
      return again + e;
    }
  }

  private List<String> train(String out, String... more) {
    List<String> args = new ArrayList<>(List.of("train", "stage1", "--model", MODEL.toString()));
    args.addAll(List.of("--data", captions.toString()));
    args.addAll(List.of("--images", MODEL.resolve("images").toString()));
    args.addAll(List.of("--out", folder.resolve(out).toString(), "--batch-size", "2"));
    args.addAll(List.of("--epochs", "15", "--max-steps", Integer.toString(STEPS)));
    args.addAll(List.of("--checkpoint-every", "1", "--threads", "1"));
    args.addAll(List.of(more));
    return args;
  }
}
