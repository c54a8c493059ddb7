package io.github.blip2j.distributed;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * Groups of tensors that are sent together: a message has a cost of its own, whatever its size, and
 * most parameters are small.
 */
public final class Buckets {
  private static final long LARGE = (8L << 20) / Float.BYTES; // not worth a copy
  private static final long MOST = (25L << 20) / Float.BYTES;

  private Buckets() {}

  /**
   * Divides numbered things into buckets. Large ones have a bucket of their own; of the others as
   * many as have 25 MiB of float32 in all, in their order.
   *
   * @param order numbers of the things, in the order in which they are to be sent
   * @param sizes of each, in elements
   */
  public static List<List<Integer>> of(List<Integer> order, long[] sizes) {
    List<List<Integer>> buckets = new ArrayList<>();
    List<Integer> open = new ArrayList<>();
    long size = 0;
    for (int each : order) {
      if (sizes[each] >= LARGE) {
        buckets.add(List.of(each));
        continue;
      }
      if (size + sizes[each] > MOST) {
        buckets.add(List.copyOf(open));
        open.clear();
        size = 0;
      }
      open.add(each);
      size += sizes[each];
    }
    if (!open.isEmpty()) {
      buckets.add(List.copyOf(open));
    }
    return List.copyOf(buckets);
  }

  /** Memory for float32 tensors of these, one after the other, in the innermost scope. */
  public static Tensor memory(List<Tensor> like) {
    return Tensor.zeros(DType.FLOAT32, like.stream().mapToLong(Tensor::size).sum());
  }

  /** The parts of such memory, each of the shape of its tensor. */
  public static List<Tensor> parts(Tensor memory, List<Tensor> like) {
    List<Tensor> parts = new ArrayList<>();
    long at = 0;
    for (Tensor each : like) {
      parts.add(memory.narrow(0, at, each.size()).reshape(each.shape().toArray()));
      at += each.size();
    }
    return parts;
  }
}
