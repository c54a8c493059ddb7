package io.github.blip2j.search;

import java.time.Duration;
import java.util.List;

/** What an update of an index did. */
public final class IndexUpdate {
  private final Counts counts;
  private final List<String> unreadable;
  private final boolean stopped;
  private final Times times;

  IndexUpdate(Counts counts, List<String> unreadable, boolean stopped, Times times) {
    this.counts = counts;
    this.unreadable = List.copyOf(unreadable);
    this.stopped = stopped;
    this.times = times;
  }

  /** Numbers of files, which the update counts up. */
  static final class Counts {
    int unchanged;
    int added;
    int changed;
    int moved;
    int removed;
    int embedded;
  }

  /**
   * Where the time went.
   *
   * @param total all of it
   * @param embedding in the model
   * @param waiting for files to be read and decoded by other threads
   * @param writing of vectors and catalogs
   */
  public record Times(Duration total, Duration embedding, Duration waiting, Duration writing) {
    /** The share of the model in the whole time, in [0, 1]. */
    public double embeddingShare() {
      return total.isZero() ? 0 : (double) embedding.toNanos() / total.toNanos();
    }
  }

  /** Files that are as they were. */
  public int unchanged() {
    return counts.unchanged;
  }

  /** Files that were not in the index, copies of indexed ones among them. */
  public int added() {
    return counts.added;
  }

  /** Files with another content than before. */
  public int changed() {
    return counts.changed;
  }

  /** Files with the content of one that is gone. */
  public int moved() {
    return counts.moved;
  }

  /** Files that are gone, or cannot be read any more. */
  public int removed() {
    return counts.removed;
  }

  /** Images that the model looked at; copies and moved files need no look. */
  public int embedded() {
    return counts.embedded;
  }

  /** A message for each file or folder that could not be read. */
  public List<String> unreadable() {
    return unreadable;
  }

  /** Whether the listener ended it early. Files that are gone are then still in the index. */
  public boolean stopped() {
    return stopped;
  }

  /** Where the time went. */
  public Times times() {
    return times;
  }
}
