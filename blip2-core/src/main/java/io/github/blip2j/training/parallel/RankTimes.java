package io.github.blip2j.training.parallel;

import io.github.blip2j.distributed.Ranks;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long each rank works for an update, without waiting for the others. As all wait for the
 * slowest, one that is much slower is reported.
 */
public final class RankTimes {
  private static final Logger LOG = LoggerFactory.getLogger(RankTimes.class);
  private static final double SLOW = 3; // times the median of the ranks
  private static final double LEAST = 0.05; // seconds; below, it is noise

  private final Ranks ranks;
  private final Consumer<String> report;
  private long updates;
  private long worked; // nanoseconds
  private long start;
  private long waitedBefore;
  private int slow = -1; // reported last

  /** The times of these ranks; slow ones are reported in the log. */
  public RankTimes(Ranks ranks) {
    this(ranks, LOG::warn);
  }

  /** The same with reports to somebody else, on rank 0. */
  RankTimes(Ranks ranks, Consumer<String> report) {
    this.ranks = ranks;
    this.report = report;
  }

  /** Begins an update. */
  public void startUpdate() {
    start = System.nanoTime();
    waitedBefore = ranks.collectives().waitedNanos();
  }

  /** Ends it. */
  public void endUpdate() {
    long waited = ranks.collectives().waitedNanos() - waitedBefore;
    worked += Math.max(0, System.nanoTime() - start - waited);
    updates++;
  }

  /** Compares the ranks, and begins anew. All ranks call it after the same update. */
  public void report(long step) {
    if (ranks.areAlone() || updates == 0) {
      return;
    }
    long[] each = ranks.gather(new long[] {worked / updates});
    worked = 0;
    updates = 0;
    int slowest = slowest(each);
    if (slowest != slow && slowest >= 0) {
      String name = ranks.gather(ranks.collectives().toString()).get(slowest);
      if (ranks.isFirst()) {
        report.accept(message(step, name, each, slowest));
      }
    }
    slow = slowest;
  }

  /** The rank that is much slower than the others, or -1. */
  static int slowest(long[] nanos) {
    int slowest = 0;
    for (int rank = 1; rank < nanos.length; rank++) {
      slowest = nanos[rank] > nanos[slowest] ? rank : slowest;
    }
    double least = Math.max(LEAST * 1e9, SLOW * median(nanos));
    return nanos[slowest] > least ? slowest : -1;
  }

  /** The lower one of two in the middle: that of two ranks is the faster. */
  private static long median(long[] nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return sorted[(sorted.length - 1) / 2];
  }

  static String message(long step, String name, long[] nanos, int slowest) {
    return String.format(
        Locale.ROOT,
        "step %d: ranks expected of about equal speed, got %.3g s of work for an update on %s and a"
            + " median of %.3g s; all wait for it: look for other programs on its cores, or for"
            + " fewer cores than threads",
        step,
        nanos[slowest] * 1e-9,
        name,
        median(nanos) * 1e-9);
  }
}
