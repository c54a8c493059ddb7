package io.github.blip2j.search;

/** Follows an update of an index, on the thread that runs it. */
public interface IndexListener {
  /** A listener that does nothing. */
  IndexListener NONE = new IndexListener() {};

  /**
   * So many files are done.
   *
   * @param of the number of files that are new or changed
   */
  default void done(int done, int of) {}

  /** A file or folder cannot be read and is left out; the message names it. */
  default void unreadable(String message) {}

  /** Whether the update should end; what is done until then is kept. */
  default boolean shouldStop() {
    return false;
  }
}
