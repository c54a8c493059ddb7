package io.github.blip2j.tensor;

/**
 * How processes that share a batch exchange rows. All of them call the same methods in one order.
 */
public interface RowExchange {
  /** The number of processes, R. */
  int size();

  /**
   * Gathers the rows of all processes.
   *
   * @param part dense, [B, ...]
   * @param whole of the same type, dense, [R * B, ...], in memory of its own
   */
  void allGather(Tensor part, Tensor whole);

  /**
   * Sums over all processes, and leaves each the rows that are its own: the gradient of {@link
   * #allGather}.
   *
   * @param whole dense, [R * B, ...]; it stays as it is
   * @param part of the same type, dense, [B, ...], in memory of its own
   */
  void reduceScatter(Tensor whole, Tensor part);
}
