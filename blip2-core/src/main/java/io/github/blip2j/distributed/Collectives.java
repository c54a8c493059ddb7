package io.github.blip2j.distributed;

import io.github.blip2j.tensor.RowExchange;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;

/**
 * Operations that all ranks of a job take part in. Every rank calls the same ones in the same
 * order, with tensors of the same type and number of elements, from one thread at a time; shapes
 * may differ. Calls that do not match fail on every rank, with a message that names both.
 *
 * <p>Gradients are reduced in place, in buckets that overlap the backward pass:
 *
 * <pre>{@code
 * Pending bucket = collectives.startAllReduce(gradients, Reduction.SUM);
 * ... // compute; gradients are not touched
 * bucket.await();
 * }</pre>
 *
 * <p>Tensors are dense and in this machine's memory. Memory is used as it is: nothing is copied,
 * but for the arrays of {@link #allReduce(double[], Reduction)} and its sibling.
 *
 * <p>An exception in one rank must end the others, which would wait for it for ever otherwise.
 * Where ranks are processes, an exception that nobody catches does so by itself, and so do {@link
 * #abort}, the end of a process without {@link #close}, and a close that others do not take part
 * in.
 */
public interface Collectives extends RowExchange, AutoCloseable {
  /** One process alone: reductions leave everything as it is. */
  static Collectives single() {
    return new SingleProcess();
  }

  /**
   * What the launcher of this process asks for: all processes of {@code mpirun}, and one process
   * alone without a launcher. The property {@code blip2.collectives} names a provider, or {@code
   * single}, instead. Needs no kernels and no other native library.
   *
   * @throws IllegalStateException if this process was launched as one of several and no provider is
   *     on the class path or can run, or if the launcher is not that of the library
   * @throws IllegalArgumentException if the property names no provider
   */
  static Collectives open() {
    return CollectivesRegistry.open();
  }

  /** The number of this rank, from 0 on. Rank 0 alone writes checkpoints and logs. */
  int rank();

  /** The number of ranks, at least 1. */
  @Override
  int size();

  /**
   * Starts a reduction over all ranks, in place; each gets the same result, to the bit. Operations
   * that were started are made one after the other, in their order.
   *
   * @param x of FLOAT32, FLOAT64 or INT64
   * @throws IllegalArgumentException if it is not dense, of another type, or on a device
   */
  Pending startAllReduce(Tensor x, Reduction reduction);

  /**
   * Starts a sum over all ranks, in place, of numbers that may travel in fewer bits; each gets the
   * same result, to the bit. Ordered with {@link #startAllReduce}, which it is for {@link
   * Precision#FLOAT32}.
   *
   * <p>With {@link Precision#BFLOAT16} each rank's numbers are rounded to bfloat16, added in
   * float32 in the order of the ranks, and the sum is rounded to bfloat16: half the bytes on the
   * network, and eight significant bits. An infinity or a NaN stays one. One rank alone has nothing
   * to send, and keeps its numbers as they are.
   *
   * @param x of FLOAT32, such as gradients
   * @param wire how the numbers travel, FLOAT32 or BFLOAT16; the same on all ranks
   * @throws IllegalArgumentException if it is not dense, of another type, or on a device, or if the
   *     precision is another
   */
  Pending startSum(Tensor x, Precision wire);

  /**
   * Reduces over all ranks, in place, as {@link #startAllReduce}.
   *
   * @param x of FLOAT32, FLOAT64 or INT64
   * @throws IllegalArgumentException if it is not dense, of another type, or on a device
   * @throws CollectivesException if it fails
   */
  default void allReduce(Tensor x, Reduction reduction) {
    startAllReduce(x, reduction).await();
  }

  /**
   * Reduces a few numbers, such as losses, in place.
   *
   * @throws CollectivesException if it fails
   */
  void allReduce(double[] values, Reduction reduction);

  /**
   * Reduces a few integers, such as counts, in place.
   *
   * @throws CollectivesException if it fails
   */
  void allReduce(long[] values, Reduction reduction);

  /**
   * Gathers the parts of all ranks, in the order of the ranks.
   *
   * @param part of any type, n elements
   * @param whole of the same type, size * n elements, in memory of its own; a tensor {@code [size *
   *     B, ...]} for parts {@code [B, ...]}
   * @throws IllegalArgumentException if one is not dense or on a device, or if sizes or types do
   *     not fit
   * @throws CollectivesException if it fails
   */
  @Override
  void allGather(Tensor part, Tensor whole);

  /**
   * Sums over all ranks, and leaves each its part: the gradient of {@link #allGather}.
   *
   * @param whole of FLOAT32, FLOAT64 or INT64, size * n elements; it stays as it is
   * @param part of the same type, n elements, in memory of its own: those of this rank
   * @throws IllegalArgumentException if one is not dense, of another type or on a device, or if
   *     sizes do not fit
   * @throws CollectivesException if it fails
   */
  @Override
  void reduceScatter(Tensor whole, Tensor part);

  /**
   * Copies a tensor of one rank to all others, such as the weights at the beginning.
   *
   * @param x of any type; read on {@code root} and written on the others
   * @throws IllegalArgumentException if it is not dense or on a device, or there is no such rank
   * @throws CollectivesException if it fails
   */
  void broadcast(Tensor x, int root);

  /**
   * Waits until all ranks are here.
   *
   * @throws CollectivesException if it fails
   */
  void barrier();

  /** Nanoseconds in which callers have waited for operations, until now. */
  default long waitedNanos() {
    return 0;
  }

  /**
   * Ends all ranks without waiting for them, such as after an exception. Where ranks are processes,
   * they end, this one included, and the launcher returns the code; it does not return. One process
   * alone goes on.
   *
   * @param code for the launcher, 1 to 255
   */
  void abort(int code);

  /**
   * Waits for operations under way and for all ranks to close. Nothing happens the second time, or
   * after a failure.
   *
   * @throws CollectivesException if another rank calls something else instead, which then fails too
   */
  @Override
  void close();
}
