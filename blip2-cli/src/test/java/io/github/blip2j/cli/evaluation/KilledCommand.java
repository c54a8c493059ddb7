package io.github.blip2j.cli.evaluation;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** A command in processes of its own, which are killed (SIGKILL) at random moments. */
final class KilledCommand implements AutoCloseable {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(90);
  private static final String SEED = "blip2.killedEvaluation.seed"; // to kill at the same moments

  private final long seed = Long.getLong(SEED, System.nanoTime());
  private final Random random = new Random(seed);
  private final List<Process> started = new ArrayList<>();
  private final Path log;

  /**
   * Processes with one log.
   *
   * @param folder of the log
   */
  KilledCommand(Path folder) {
    this.log = folder.resolve("log");
  }

  /** Starts the command and kills it once something has come true, or a little later. */
  void killOnce(Callable<Boolean> reached, String... args) throws Exception {
    Process run = start(args);
    try {
      long start = System.nanoTime();
      while (!reached.call()) {
        assertTrue(run.isAlive(), () -> "ended by itself: " + log());
        assertTrue(System.nanoTime() - start < PATIENCE, () -> "too slow: " + log());
        Thread.sleep(1);
      }
      Thread.sleep(random.nextInt(20), random.nextInt(999_999));
    } finally {
      run.destroyForcibly().waitFor(); // SIGKILL
    }
    assertNotEquals(0, run.exitValue(), this::log);
  }

  private Process start(String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(args));
    var appending = ProcessBuilder.Redirect.appendTo(log.toFile());
    Process child =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(appending).start();
    started.add(child);
    return child;
  }

  /** What the processes printed, and how to kill at the same moments again. */
  String log() {
    String again = "again with -D" + SEED + "=" + seed + System.lineSeparator();
    try {
      return again + Files.readString(log);
    } catch (IOException e) {
      return again + e;
    }
  }

  @Override
  public void close() throws InterruptedException {
    for (Process each : started) {
      each.destroyForcibly().waitFor();
    }
  }
}
