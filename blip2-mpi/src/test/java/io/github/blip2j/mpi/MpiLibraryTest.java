package io.github.blip2j.mpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.distributed.CollectivesProvider;
import io.github.blip2j.distributed.Launcher;
import io.github.blip2j.service.Services;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class MpiLibraryTest {
  @Test
  void provider_isFound() {
    assertEquals(
        List.of("mpi"),
        Services.find(CollectivesProvider.class).stream().map(CollectivesProvider::name).toList());
  }

  @Test
  void noLibrary_namesPackagesAndReasons() {
    var e =
        assertThrows(
            IllegalStateException.class,
            () ->
                MpiLibrary.first(
                    List.of("libmpi.so.4000", "libmpich.so.4000"),
                    Optional.of(new Launcher(Launcher.Kind.OPEN_MPI, 0, 2))));

    assertEquals(
        "mpi: library expected (libmpi.so.4000 or libmpich.so.4000), as this process was started as"
            + " rank 0 of 2 by Open MPI's mpirun, got none; on Debian and Ubuntu install"
            + " openmpi-bin, or mpich for the mpirun of MPICH; or name one: -Dblip2.mpi=openmpi,"
            + " mpich, abi or a file (libmpi.so.4000: cannot open shared object file: No such file"
            + " or directory; libmpich.so.4000: cannot open shared object file: No such file or"
            + " directory)",
        e.getMessage());
  }

  @Test
  void libraryOfAnotherKind_isNotMpi() {
    var e =
        assertThrows(
            IllegalStateException.class,
            () -> MpiLibrary.first(List.of("libm.so.6"), Optional.empty()));

    assertTrue(String.valueOf(e.getMessage()).contains("MPI_Get_library_version"), e::getMessage);
  }

  @Test
  void reductions_areChosenWhereOpenMpiHasSeveral() {
    assertTrue(MpiLibrary.reducesByTrees("Open MPI v4.1.4"));
    assertTrue(MpiLibrary.reducesByTrees("Open MPI v5.0.0"));
    assertTrue(MpiLibrary.reducesByTrees("Open MPI v4.10.0"));
    assertFalse(MpiLibrary.reducesByTrees("Open MPI v4.0.7"));
    assertFalse(MpiLibrary.reducesByTrees("Open MPI v3.1.6"));
    assertFalse(MpiLibrary.reducesByTrees("MPICH 4.0.2"));
    assertFalse(MpiLibrary.reducesByTrees("Open MPI"));
  }

  @Test
  void versions_areShort() {
    assertEquals(
        "Open MPI v4.1.4",
        MpiLibrary.summary("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4\0"));
    assertEquals(
        "MPICH 4.0.2",
        MpiLibrary.summary("MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7\n"));
    assertEquals(
        "Intel(R) MPI Library 2021.9 for Linux* OS",
        MpiLibrary.summary("Intel(R) MPI Library 2021.9 for Linux* OS\n\0"));
  }

  @Test
  void families_fitTheirLaunchers() {
    for (Launcher.Kind kind : Launcher.Kind.values()) {
      assertTrue(MpiFamily.STANDARD.fits(kind), kind::toString);
    }
    assertTrue(MpiFamily.OPEN_MPI.fits(Launcher.Kind.PMIX));
    assertTrue(!MpiFamily.OPEN_MPI.fits(Launcher.Kind.HYDRA));
    assertTrue(!MpiFamily.MPICH.fits(Launcher.Kind.OPEN_MPI));
  }
}
