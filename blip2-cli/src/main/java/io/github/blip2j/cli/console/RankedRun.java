package io.github.blip2j.cli.console;

import io.github.blip2j.distributed.Collectives;
import io.github.blip2j.distributed.Launcher;
import io.github.blip2j.distributed.Ranks;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.ExitCode;

/**
 * A command that ranks work on together when {@code mpirun} starts it. The first alone prints; the
 * others print what they alone know.
 */
public final class RankedRun {
  private RankedRun() {}

  /** The work of a rank. */
  @FunctionalInterface
  public interface Work {
    /**
     * Does it, and returns the exit code.
     *
     * @param console silent on all ranks but the first
     */
    int run(Console console, Ranks ranks) throws IOException;
  }

  /** Runs the work of this rank, or of one process alone, and returns the exit code. */
  public static int of(Console console, Work work) throws IOException {
    try (var collectives = Collectives.open()) {
      return of(console, Ranks.of(collectives), work);
    }
  }

  static int of(Console console, Ranks ranks, Work work) throws IOException {
    try {
      return work.run(ranks.isFirst() ? console : console.silent(), ranks);
    } catch (IOException | RuntimeException | Error e) {
      if (ranks.isFirst() || !ranks.failedTogether()) {
        throw e;
      }
      return e instanceof UsageException ? ExitCode.USAGE : ExitCode.SOFTWARE;
    }
  }

  /**
   * Checks that this process is alone, for work that ranks can't share.
   *
   * @param what for the message, such as {@code caption}
   * @param advice what to do instead
   * @throws UsageException if a launcher started several
   */
  public static void requireAlone(Ranks ranks, String what, String advice) {
    if (!ranks.areAlone()) {
      ranks.failTogether();
      throw new UsageException(
          new IllegalArgumentException(refused(what, ranks.size() + " ranks", advice)));
    }
  }

  /**
   * Whether a launcher started several processes for a command that never uses ranks; the first of
   * them says so.
   *
   * @param what for the message, as in {@code blip2 search}
   */
  public static boolean isOneOfSeveral(Console console, String what) {
    boolean apart = "single".equals(System.getProperty("blip2.collectives"));
    Optional<Launcher> launcher =
        Launcher.of(console.environment()).filter(each -> each.hasOthers() && !apart);
    if (launcher.isPresent() && launcher.get().rank() == 0) {
      console.complain(refused(what, launcher.get().toString(), "start it without mpirun"));
    }
    return launcher.isPresent();
  }

  private static String refused(String what, String got, String advice) {
    return String.format(Locale.ROOT, "%s: one process expected, got %s; %s", what, got, advice);
  }
}
