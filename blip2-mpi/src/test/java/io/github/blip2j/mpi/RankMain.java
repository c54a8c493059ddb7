package io.github.blip2j.mpi;

import io.github.blip2j.distributed.Collectives;
import io.github.blip2j.distributed.CollectivesConformance;
import io.github.blip2j.distributed.CollectivesException;
import io.github.blip2j.distributed.Launcher;
import io.github.blip2j.distributed.Reduction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;

/** One rank of a test, started by an {@code mpirun}: writes what it saw to a file of its own. */
final class RankMain {
  private static final int FEW = 1000; // elements in one call, so that tests need several

  private final Path report;

  private RankMain(Path report) {
    this.report = report;
  }

  /** Runs {@code MODE FOLDER}. */
  public static void main(String[] args) throws Exception {
    String mode = args[0];
    Path folder = Path.of(args[1]);
    if (mode.equals("pieces")) {
      Optional<Launcher> launcher = Launcher.of(System.getenv());
      MpiLibrary library = MpiLibrary.find(MpiLibrary.asked(), launcher);
      try (Collectives c = MpiCollectives.open(library, launcher, FEW)) {
        of(c, folder).conform(c);
      }
    } else if (mode.equals("throws")) {
      Collectives c = Collectives.open();
      RankMain main = of(c, folder);
      c.barrier();
      main.failing(c);
    } else {
      try (Collectives c = Collectives.open()) {
        of(c, folder).run(mode, c);
      }
    }
  }

  private static RankMain of(Collectives c, Path folder) throws IOException {
    RankMain main = new RankMain(folder.resolve("rank-" + c.rank()));
    main.write(c.toString());
    return main;
  }

  private void run(String mode, Collectives c) throws Exception {
    c.barrier();
    switch (mode) {
      case "conformance" -> conform(c);
      case "throws-inside" -> failing(c);
      case "exits" -> {
        if (c.rank() == 1) {
          System.exit(0);
        }
        waiting(c);
      }
      case "killed" -> {
        if (c.rank() == 1) {
          new ProcessBuilder("kill", "-9", Long.toString(ProcessHandle.current().pid())).start();
          Thread.sleep(60_000);
        }
        waiting(c);
      }
      case "aborts" -> {
        if (c.rank() == 1) {
          c.abort(7);
        }
        waiting(c);
      }
      case "mismatch" -> {
        try {
          c.allReduce(new double[3 + c.rank()], Reduction.SUM);
          write("no mismatch");
        } catch (CollectivesException e) {
          write(String.valueOf(e.getMessage()));
          awaitReport(1 - c.rank()); // the end of one process ends the other
        }
      }
      case "nulls" -> {
        c.barrier();
        write("caught " + nulls());
      }
      case "late" -> {
        if (c.rank() == 1) {
          Thread.sleep(60_000);
        }
        waiting(c);
      }
      default -> throw new IllegalArgumentException(mode);
    }
  }

  private void conform(Collectives c) throws IOException {
    for (var one : CollectivesConformance.cases().entrySet()) {
      String result = "ok";
      try {
        CollectivesConformance.run(one.getValue(), c);
      } catch (RuntimeException | AssertionError e) {
        result = e + " at " + Arrays.toString(e.getStackTrace());
      }
      write(one.getKey() + ": " + result);
    }
  }

  private void failing(Collectives c) throws IOException {
    if (c.rank() == 1) {
      throw new IllegalStateException("no picture");
    }
    waiting(c);
  }

  private void waiting(Collectives c) throws IOException {
    try {
      c.allReduce(new double[3], Reduction.SUM);
      write("not ended");
    } catch (CollectivesException e) {
      write(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  /** Nulls in compiled code, which Java notices by a signal. */
  private static int nulls() {
    String[] texts = new String[100];
    Arrays.fill(texts, 0, 99, "one"); // the last is null
    int caught = 0;
    for (int i = 0; i < 200_000; i++) {
      try {
        caught += 3 - texts[i % 100].length();
      } catch (NullPointerException e) {
        caught++;
      }
    }
    return caught;
  }

  private void awaitReport(int rank) throws Exception {
    Path other = report.resolveSibling("rank-" + rank);
    for (int i = 0; i < 1000 && Files.readAllLines(other).size() < 2; i++) {
      Thread.sleep(10);
    }
  }

  private void write(String line) throws IOException {
    Files.writeString(report, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}
