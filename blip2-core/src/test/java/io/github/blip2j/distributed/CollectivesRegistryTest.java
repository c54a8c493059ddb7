package io.github.blip2j.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class CollectivesRegistryTest {
  private static final Launcher ONE_OF_TWO = new Launcher(Launcher.Kind.OPEN_MPI, 1, 2);

  /** A provider of one process. */
  private record Made(String name, boolean isAvailable, String description)
      implements CollectivesProvider {
    @Override
    public Collectives open() {
      return InMemoryCollectives.group(1, Duration.ofSeconds(1)).get(0);
    }
  }

  private static final Made HERE = new Made("here", true, "here");
  private static final Made AWAY = new Made("away", false, "away: library expected, got none");

  @Test
  void withoutLauncher_isOneProcess() {
    assertEquals(
        "one process", CollectivesRegistry.open(null, Optional.empty(), List.of(HERE)).toString());
    assertEquals(
        "one process",
        CollectivesRegistry.open(
                null, Optional.of(new Launcher(Launcher.Kind.HYDRA, 0, 1)), List.of(HERE))
            .toString());
  }

  @Test
  void launched_takesWhatIsAvailable() {
    assertEquals(
        "rank 0 of 1 in one process",
        CollectivesRegistry.open(null, Optional.of(ONE_OF_TWO), List.of(AWAY, HERE)).toString());
  }

  @Test
  void launchedButSingle_isOneProcess() {
    assertEquals(
        "one process",
        CollectivesRegistry.open("single", Optional.of(ONE_OF_TWO), List.of(HERE)).toString());
  }

  @Test
  void launchedWithoutProvider_namesTheModule() {
    var e =
        assertThrows(
            IllegalStateException.class,
            () -> CollectivesRegistry.open(null, Optional.of(ONE_OF_TWO), List.of()));

    assertEquals(
        "collectives: provider expected, as this process was started as rank 1 of 2 by Open MPI's"
            + " mpirun, got none; add io.github.blip2j:blip2-mpi to the class path, or set"
            + " -Dblip2.collectives=single to let each process work alone",
        e.getMessage());
  }

  @Test
  void launchedWithoutLibrary_saysWhatTheProviderSays() {
    var e =
        assertThrows(
            IllegalStateException.class,
            () -> CollectivesRegistry.open(null, Optional.of(ONE_OF_TWO), List.of(AWAY)));

    assertEquals("away: library expected, got none", e.getMessage());
  }

  @Test
  void unknownName_listsTheKnownOnes() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> CollectivesRegistry.open("gloo", Optional.empty(), List.of(HERE, AWAY)));

    assertEquals(
        "blip2.collectives: expected single or here or away, got gloo; choose one of these, or add"
            + " the jar that has it",
        e.getMessage());
  }

  @Test
  void launchers_areKnownByTheirVariables() {
    assertEquals(
        Optional.of(ONE_OF_TWO),
        Launcher.of(Map.of("OMPI_COMM_WORLD_SIZE", "2", "OMPI_COMM_WORLD_RANK", "1")));
    assertEquals(
        Optional.of(new Launcher(Launcher.Kind.HYDRA, 3, 4)),
        Launcher.of(Map.of("PMI_SIZE", "4", "PMI_RANK", "3")));
    assertEquals(
        Optional.of(new Launcher(Launcher.Kind.PMIX, 5, 8)),
        Launcher.of(Map.of("PMIX_RANK", "5", "SLURM_STEP_NUM_TASKS", "8")));
    assertEquals(
        Optional.of(new Launcher(Launcher.Kind.PMIX, 5, 0)), Launcher.of(Map.of("PMIX_RANK", "5")));
    assertEquals(Optional.empty(), Launcher.of(Map.of("SLURM_NTASKS", "8", "SLURM_PROCID", "0")));
  }

  @Test
  void variableThatIsNoNumber_isNamed() {
    var e =
        assertThrows(
            IllegalStateException.class,
            () -> Launcher.of(Map.of("PMI_SIZE", "two", "PMI_RANK", "0")));

    assertEquals(
        "launcher: variable PMI_SIZE expected a number, got two; start with mpirun, or unset it",
        e.getMessage());
  }
}
