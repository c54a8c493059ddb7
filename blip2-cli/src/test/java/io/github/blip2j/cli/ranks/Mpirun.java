package io.github.blip2j.cli.ranks;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The launchers of this machine, which start ranks that run a main class of this class path. */
public enum Mpirun {
  OPEN_MPI("mpirun.openmpi"),
  MPICH("mpirun.mpich");

  private final String command;

  Mpirun(String command) {
    this.command = command;
  }

  /**
   * What ranks have run.
   *
   * @param code of mpirun
   * @param out what all ranks printed on standard output
   * @param err what all ranks, and mpirun, printed on standard error
   */
  public record Ended(int code, String out, String err) {
    /** All that was printed. */
    public String output() {
      return out + err;
    }

    /** Lines of standard error by blip2. */
    public List<String> messages() {
      return err.lines().filter(line -> line.startsWith("blip2: ")).toList();
    }
  }

  /** Runs some ranks with the same arguments. */
  public Ended run(Path folder, int ranks, Class<?> main, List<String> arguments) throws Exception {
    return run(folder, program(ranks, main, arguments));
  }

  /** One rank each with these arguments. */
  public Ended run(Path folder, Class<?> main, List<String> first, List<String> second)
      throws Exception {
    List<String> programs = new ArrayList<>(program(1, main, first));
    programs.add(":");
    programs.addAll(program(1, main, second));
    return run(folder, programs);
  }

  private Ended run(Path folder, List<String> programs) throws Exception {
    requireInstalled();
    List<String> all = new ArrayList<>(List.of(command));
    if (this == OPEN_MPI) {
      all.addAll(List.of("--oversubscribe", "--bind-to", "none"));
      if (System.getProperty("user.name").equals("root")) {
        all.add("--allow-run-as-root");
      }
    }
    all.addAll(programs);
    Path out = folder.resolve("mpirun.out");
    Path err = folder.resolve("mpirun.err");
    var builder = new ProcessBuilder(all).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().put("OMP_NUM_THREADS", "1");
    Process process = builder.start();
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      process.destroy();
      return fail("an end within two minutes expected, got " + read(out) + read(err));
    }
    return new Ended(process.exitValue(), read(out), read(err));
  }

  private static String read(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  private static List<String> program(int ranks, Class<?> main, List<String> arguments) {
    List<String> program = new ArrayList<>(List.of("-n", Integer.toString(ranks)));
    program.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            main.getName()));
    program.addAll(arguments);
    return program;
  }

  private void requireInstalled() {
    boolean there =
        Stream.of(System.getenv("PATH").split(":", -1))
            .anyMatch(each -> Files.isExecutable(Path.of(each, command)));
    if (!there && System.getenv("CI") != null) {
      fail(command + " expected, got none; apt-get install openmpi-bin mpich");
    }
    if (!there) {
      abort("not run without " + command);
    }
  }
}
