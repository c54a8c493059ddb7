package io.github.blip2j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** Two executors in processes of their own, one of which is killed. */
@EnabledIf(
    value = "isWanted",
    disabledReason = "takes a minute and 3 GB; run with -Dblip2.slow=true, or with CI set")
final class ClusterTest {
  private static final int COUNT = 54; // one of them broken
  private static final long MINUTES = 8;

  @TempDir private Path folder;

  static boolean isWanted() {
    return Boolean.getBoolean("blip2.slow") || System.getenv("CI") != null;
  }

  /** Runs {@link ClusterMain} to its end. */
  private List<String> run(String name, boolean kills) throws IOException, InterruptedException {
    // What Spark's launcher looks for; the jars are on the class path that executors get.
    Path home = folder.resolve("home");
    Files.createDirectories(home.resolve("jars"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (argument.startsWith("--")) {
        command.add(argument);
      }
    }
    Path output = folder.resolve(name);
    command.addAll(
        List.of(
            "-Xmx512m",
            "-Djava.awt.headless=true",
            "-cp",
            classPath(),
            ClusterMain.class.getName(),
            folder.resolve("in").toString(),
            output.toString(),
            Boolean.toString(kills)));
    Path log = folder.resolve(name + ".log");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.directory(folder.toFile()).redirectOutput(log.toFile());
    builder.environment().put("SPARK_HOME", home.toString());
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    Process driver = builder.start();
    try {
      assertTrue(driver.waitFor(MINUTES, TimeUnit.MINUTES), () -> end(log));
      assertEquals(0, driver.exitValue(), () -> end(log));
    } finally {
      driver.descendants().forEach(ProcessHandle::destroyForcibly);
      driver.destroyForcibly();
    }
    assertEquals(kills, Files.readString(log).contains("killed executor "), () -> end(log));
    return Files.readAllLines(Path.of(output + ".txt"));
  }

  /** With folders whole: the class path is used in another folder. */
  private static String classPath() {
    List<String> parts = new ArrayList<>();
    for (String part : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      parts.add(Path.of(part).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, parts);
  }

  private static String end(Path log) {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void executor_thatIsKilled_changesNothing() throws IOException, InterruptedException {
    int broken = LocalSpark.write(folder.resolve("in"), COUNT, 32, 32);

    List<String> whole = run("whole", false);
    List<String> killed = run("killed", true);

    assertEquals(COUNT, whole.size());
    assertEquals(broken, whole.stream().filter(line -> !line.contains("|")).count());
    assertEquals(whole, killed);
    assertEquals("2 " + COUNT, Files.readString(folder.resolve("whole.metrics")));
    String loads = Files.readString(folder.resolve("killed.metrics")).split(" ", 2)[0];
    assertTrue(Integer.parseInt(loads) >= 2, loads);
  }
}
