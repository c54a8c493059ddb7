package io.github.blip2j.mpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.distributed.CollectivesConformance;
import io.github.blip2j.mpi.Mpirun.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Ranks that are processes, started by each {@code mpirun} of this machine. */
final class MpiCollectivesTest {
  private static final String LOADED = "-Xlog:class+load:file=";

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"OPEN_MPI,2", "OPEN_MPI,4", "MPICH,2", "MPICH,4"})
  void conforms(Mpirun mpirun, int ranks) throws Exception {
    Result result = mpirun.run(ranks, "conformance", folder);

    requireConforming(result, ranks);
    assertTrue(
        result.description(1).matches("rank 1 \\(.+\\) of " + ranks + " by .*(Open MPI|MPICH).*"),
        result.description(1));
  }

  /** As if a call of MPI took a thousand elements at most. */
  @ParameterizedTest
  @EnumSource(Mpirun.class)
  void conforms_inPieces(Mpirun mpirun) throws Exception {
    requireConforming(mpirun.run(3, "pieces", folder), 3);
  }

  private static void requireConforming(Result result, int ranks) throws IOException {
    assertEquals(0, result.code(), result::output);
    List<String> passed =
        CollectivesConformance.cases().keySet().stream().map(name -> name + ": ok").toList();
    for (int rank = 0; rank < ranks; rank++) {
      assertEquals(
          String.join("\n", passed), String.join("\n", result.report(rank)), "rank " + rank);
    }
  }

  /** UCX, which MPI loads, would take the signal of compiled code's null checks from Java. */
  @ParameterizedTest
  @EnumSource(Mpirun.class)
  void nulls_inCompiledCode_areExceptions(Mpirun mpirun) throws Exception {
    Result result = mpirun.run(2, "nulls", folder);

    assertEquals(0, result.code(), result::output);
    assertEquals(List.of("caught 2000"), result.report(0));
    assertEquals(List.of("caught 2000"), result.report(1));
  }

  /** Rank and size decide what else is loaded, and with how many threads. */
  @ParameterizedTest
  @EnumSource(Mpirun.class)
  void open_loadsNoKernels(Mpirun mpirun) throws Exception {
    Path classes = folder.resolve("classes");

    Result result = mpirun.run(1, "nulls", folder, "-Dblip2.collectives=mpi", LOADED + classes);

    assertEquals(0, result.code(), result::output);
    List<String> loaded = Files.readAllLines(classes);
    assertTrue(loaded.stream().anyMatch(line -> line.contains("MpiSession ")), "the log is one");
    assertEquals(
        List.of(),
        loaded.stream().filter(line -> line.matches(".* org\\.(nd4j|bytedeco)\\..*")).toList());
  }

  @ParameterizedTest
  @EnumSource(Mpirun.class)
  void uncaughtException_endsAllRanks(Mpirun mpirun) throws Exception {
    Result result = mpirun.run(2, "throws", folder);

    assertEquals(1, result.code(), result::output);
    assertTrue(result.output().contains(result.description(1)), result::output);
    assertTrue(result.output().contains("IllegalStateException: no picture"), result::output);
    assertEquals(List.of(), result.report(0));
  }

  /** The close of the rank that fails tells the others. */
  @ParameterizedTest
  @EnumSource(Mpirun.class)
  void exception_thatClosesTheCollectives_endsAllRanks(Mpirun mpirun) throws Exception {
    Result result = mpirun.run(2, "throws-inside", folder);

    assertEquals(1, result.code(), result::output);
    assertTrue(result.output().contains("IllegalStateException: no picture"), result::output);
    assertTrue(result.output().contains("and close on rank 1 ("), result::output);
  }

  @ParameterizedTest
  @EnumSource(Mpirun.class)
  void exit_withoutClose_endsAllRanks(Mpirun mpirun) throws Exception {
    Result result = mpirun.run(2, "exits", folder);

    assertEquals(1, result.code(), result::output);
    assertEquals(List.of(), result.report(0));
  }

  @ParameterizedTest
  @EnumSource(Mpirun.class)
  void killedRank_endsAllRanks(Mpirun mpirun) throws Exception {
    Result result = mpirun.run(2, "killed", folder);

    assertNotEquals(0, result.code(), result::output);
    assertTrue(result.output().matches("(?s).*(signal 9|Killed).*"), result::output);
    assertEquals(List.of(), result.report(0));
  }

  @ParameterizedTest
  @EnumSource(Mpirun.class)
  void abort_givesItsCodeToTheLauncher(Mpirun mpirun) throws Exception {
    Result result = mpirun.run(2, "aborts", folder);

    assertEquals(7, result.code(), result::output);
    assertEquals(List.of(), result.report(0));
  }

  @ParameterizedTest
  @EnumSource(Mpirun.class)
  void differentCalls_failOnAllRanks_andNameBoth(Mpirun mpirun) throws Exception {
    Result result = mpirun.run(2, "mismatch", folder);

    assertNotEquals(0, result.code(), "a failure ends the process with another code");
    String message = String.join("\n", result.report(0));
    assertTrue(
        message.matches(
            "collectives: the same call expected on all ranks, got allReduce SUM of 3 FLOAT64 on"
                + " rank 0 \\(.+\\) and allReduce SUM of 4 FLOAT64 on rank 1 \\(.+\\)"),
        message);
    assertEquals(result.report(0), result.report(1));
  }

  @ParameterizedTest
  @EnumSource(Mpirun.class)
  void rankThatDoesNotCome_failsTheOthersAfterTheLimit(Mpirun mpirun) throws Exception {
    Result result = mpirun.run(2, "late", folder, "-Dblip2.mpi.timeout=1");

    assertEquals(1, result.code(), result::output);
    assertEquals(
        List.of(
            "allReduce SUM of 3 FLOAT64: all of 2 ranks expected within 1 s, got some; look at the"
                + " logs of the others, or raise -Dblip2.mpi.timeout="),
        result.report(0));
  }

  @ParameterizedTest
  @CsvSource({
    "OPEN_MPI,Open MPI's mpirun,MPICH",
    "MPICH,mpirun of MPICH or Intel MPI,OPEN_MPI",
  })
  void libraryOfAnotherLauncher_isRefused(Mpirun mpirun, String started, MpiFamily other)
      throws Exception {
    Mpirun.valueOf(other.name()).command(); // its library comes with it

    Result result = mpirun.run(2, "conformance", folder, "-Dblip2.mpi=" + other.key());

    assertNotEquals(0, result.code());
    assertTrue(
        result
            .output()
            .matches(
                "(?s).*mpi: library expected of what started this process as rank [01] of 2 by "
                    + started
                    + ", got .*(MPICH|Open MPI).*, as blip2.mpi names; each process would be"
                    + " alone: start with the mpirun of that library, or name none.*"),
        result::output);
    assertFalse(folder.resolve("rank-0").toFile().exists());
  }

  @ParameterizedTest
  @EnumSource(Mpirun.class)
  void withoutLibrary_packagesAreNamed(Mpirun mpirun) throws Exception {
    Result result = mpirun.run(2, "conformance", folder, "-Dblip2.mpi=/nowhere/libmpi.so");

    assertNotEquals(0, result.code());
    assertTrue(
        result.output().contains("mpi: library expected (/nowhere/libmpi.so), as this process was")
            && result.output().contains("install openmpi-bin, or mpich for the mpirun of MPICH"),
        result::output);
  }
}
