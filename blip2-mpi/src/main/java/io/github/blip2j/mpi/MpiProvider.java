package io.github.blip2j.mpi;

import io.github.blip2j.distributed.Collectives;
import io.github.blip2j.distributed.CollectivesProvider;
import io.github.blip2j.distributed.Launcher;

/**
 * Connects the processes that {@code mpirun} starts. The library is that of the launcher; the
 * property {@code blip2.mpi} or the variable {@code BLIP2_MPI} names another: {@code openmpi},
 * {@code mpich}, {@code abi} for the standard's interface, or a file.
 */
public final class MpiProvider implements CollectivesProvider {
  /** For the service loader. */
  public MpiProvider() {}

  @Override
  public String name() {
    return "mpi";
  }

  @Override
  public boolean isAvailable() {
    try {
      find();
      return true;
    } catch (IllegalStateException | LinkageError e) {
      return false;
    }
  }

  @Override
  public String description() {
    try {
      return find().toString();
    } catch (IllegalStateException | LinkageError e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Override
  public Collectives open() {
    return MpiCollectives.open(find(), Launcher.of(System.getenv()), MpiSession.MOST);
  }

  private static MpiLibrary find() {
    return MpiLibrary.find(MpiLibrary.asked(), Launcher.of(System.getenv()));
  }
}
