package io.github.blip2j.cli.ranks;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.github.blip2j.cli.Main;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A command that ranks have run.
 *
 * @param code of {@code mpirun}
 * @param out what all ranks printed on standard output
 * @param err what all ranks, and {@code mpirun}, printed on standard error
 */
record Mpirun(int code, String out, String err) {
  static final String OPEN_MPI = "mpirun.openmpi";
  static final String MPICH = "mpirun.mpich";

  /** Lines of standard error by blip2. */
  List<String> messages() {
    return err.lines().filter(line -> line.startsWith("blip2: ")).toList();
  }

  /** Runs {@code blip2 ARGUMENTS} by this many ranks. */
  static Mpirun run(Path folder, String launcher, int ranks, String... arguments) throws Exception {
    require(launcher);
    List<String> command = new ArrayList<>(List.of(launcher));
    if (launcher.equals(OPEN_MPI)) {
      command.addAll(List.of("--oversubscribe", "--bind-to", "none"));
      if (System.getProperty("user.name").equals("root")) {
        command.add("--allow-run-as-root");
      }
    }
    command.addAll(List.of("-n", Integer.toString(ranks)));
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Main.class.getName()));
    command.addAll(List.of(arguments));
    Path out = folder.resolve("mpirun.out");
    Path err = folder.resolve("mpirun.err");
    var builder = new ProcessBuilder(command);
    builder.environment().put("OMP_NUM_THREADS", "1");
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      process.destroy();
      return fail("an end within two minutes expected, got " + text(out) + text(err));
    }
    return new Mpirun(process.exitValue(), text(out), text(err));
  }

  private static String text(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  private static void require(String launcher) {
    boolean there =
        Stream.of(System.getenv("PATH").split(":", -1))
            .anyMatch(each -> Files.isExecutable(Path.of(each, launcher)));
    if (!there && System.getenv("CI") != null) {
      fail(launcher + " expected, got none; apt-get install openmpi-bin mpich");
    }
    if (!there) {
      abort("not run without " + launcher);
    }
  }
}
