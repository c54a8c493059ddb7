package io.github.blip2j.mpi;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** The launchers of this machine. */
enum Mpirun {
  OPEN_MPI("openmpi-bin", "Open MPI", "mpirun.openmpi"),
  MPICH("mpich", "HYDRA", "mpirun.mpich");

  private static final long MOST_SECONDS = 120;

  private final String debian;
  private final String title;
  private final String own; // its name where there are several

  Mpirun(String debian, String title, String own) {
    this.debian = debian;
    this.title = title;
    this.own = own;
  }

  /**
   * What ranks left.
   *
   * @param code of mpirun
   * @param output of mpirun and all ranks
   */
  record Result(int code, String output, Path folder) {
    /** The lines of a rank's report, without the first, which says who it is. */
    List<String> report(int rank) throws IOException {
      List<String> lines = Files.readAllLines(folder.resolve("rank-" + rank));
      return lines.subList(1, lines.size());
    }

    /** Who a rank says it is. */
    String description(int rank) throws IOException {
      return Files.readAllLines(folder.resolve("rank-" + rank)).get(0);
    }
  }

  /** Runs {@link RankMain} in several processes. */
  Result run(int ranks, String mode, Path folder, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(command()));
    if (this == OPEN_MPI) {
      command.addAll(List.of("--oversubscribe", "--bind-to", "none"));
      if (System.getProperty("user.name").equals("root")) {
        command.add("--allow-run-as-root");
      }
    }
    command.addAll(
        List.of(
            "-n",
            Integer.toString(ranks),
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of(options));
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            RankMain.class.getName(),
            mode,
            folder.toString()));
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
      process.destroy(); // mpirun takes its processes with it
      process.waitFor(MOST_SECONDS, TimeUnit.SECONDS);
      process.destroyForcibly();
      return fail(
          String.format(
              Locale.ROOT,
              "%s: end expected within %d s, got none: %s",
              mode,
              MOST_SECONDS,
              read(output)));
    }
    return new Result(process.exitValue(), read(output), folder);
  }

  private static String read(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  /** The command; the test is not run without it, unless in CI. */
  String command() throws InterruptedException {
    for (String command : List.of(own, "mpirun")) {
      try {
        Process process =
            new ProcessBuilder(command, "--version").redirectErrorStream(true).start();
        String version =
            new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() == 0 && version.contains(title)) {
          return command;
        }
      } catch (IOException e) {
        // not installed
      }
    }
    String why = "apt-get install " + debian + ", for processes of " + this;
    if (System.getenv("CI") != null) {
      return fail(own + " expected, got none; " + why);
    }
    return abort("not run without " + why);
  }
}
