package io.github.blip2j.distributed;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What started this process as one of several, told by its environment.
 *
 * @param kind of launcher
 * @param rank of this process, from 0 on
 * @param size number of processes; 0 if the launcher does not tell
 */
public record Launcher(Kind kind, int rank, int size) {
  /** The launchers that are known by their variables. */
  public enum Kind {
    /** Open MPI's {@code mpirun}. */
    OPEN_MPI("Open MPI's mpirun"),
    /** Hydra, the {@code mpirun} of MPICH and Intel MPI, or another with its protocol. */
    HYDRA("mpirun of MPICH or Intel MPI"),
    /** One that speaks PMIx, such as {@code srun}: libraries of several kinds do. */
    PMIX("a launcher with PMIx");

    private final String title;

    Kind(String title) {
      this.title = title;
    }

    @Override
    public String toString() {
      return title;
    }
  }

  /**
   * The launcher of a process.
   *
   * @param environment variables by name
   * @throws IllegalStateException if a variable of a launcher is not a number
   */
  public static Optional<Launcher> of(Map<String, String> environment) {
    if (environment.containsKey("OMPI_COMM_WORLD_SIZE")) {
      return Optional.of(
          new Launcher(
              Kind.OPEN_MPI,
              number(environment, "OMPI_COMM_WORLD_RANK"),
              number(environment, "OMPI_COMM_WORLD_SIZE")));
    }
    if (environment.containsKey("PMI_SIZE") && environment.containsKey("PMI_RANK")) {
      return Optional.of(
          new Launcher(
              Kind.HYDRA, number(environment, "PMI_RANK"), number(environment, "PMI_SIZE")));
    }
    if (environment.containsKey("PMIX_RANK")) {
      int size =
          environment.containsKey("SLURM_STEP_NUM_TASKS")
              ? number(environment, "SLURM_STEP_NUM_TASKS")
              : 0;
      return Optional.of(new Launcher(Kind.PMIX, number(environment, "PMIX_RANK"), size));
    }
    return Optional.empty();
  }

  /** Whether there are other processes, or may be. */
  public boolean hasOthers() {
    return size != 1;
  }

  private static int number(Map<String, String> environment, String name) {
    @Nullable String value = environment.get(name);
    try {
      int number = Integer.parseInt(value == null ? "" : value.strip());
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new IllegalStateException(
        String.format(
            Locale.ROOT,
            "launcher: variable %s expected a number, got %s; start with mpirun, or unset it",
            name,
            value));
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "rank %d%s by %s", rank, size == 0 ? "" : " of " + size, kind);
  }
}
