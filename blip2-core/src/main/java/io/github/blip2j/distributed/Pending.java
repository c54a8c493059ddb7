package io.github.blip2j.distributed;

/** An operation under way. Its memory must stay as it is, and alive, until {@link #await}. */
@FunctionalInterface
public interface Pending {
  /**
   * Waits for the end of the operation. A second call returns, or throws, as the first.
   *
   * @throws CollectivesException if it failed: another rank called something else, has closed, or
   *     did not come in time, or the communication broke
   */
  void await();
}
