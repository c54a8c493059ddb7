package io.github.blip2j.distributed;

/** Connects the ranks of a job. Providers are found by {@link java.util.ServiceLoader}. */
public interface CollectivesProvider {
  /** The name for {@code -Dblip2.collectives=}, such as {@code mpi}. */
  String name();

  /** Whether it can run here: its library is on this machine. Starts nothing. */
  boolean isAvailable();

  /** What it would run, or why it cannot, for messages. Starts nothing. */
  String description();

  /**
   * Connects this process with the others; called once.
   *
   * @throws IllegalStateException if it cannot
   */
  Collectives open();
}
