package io.github.blip2j.distributed;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import io.github.blip2j.backend.NativeFolder;
import io.github.blip2j.distributed.CollectiveCall.Kind;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Collectives on this machine's memory, for those who implement them: it checks arguments and turns
 * them into addresses. Whoever extends it makes calls one after the other, in the order of their
 * starts, and compares their {@linkplain CollectiveCall#signature signatures}.
 */
public abstract class HostCollectives implements Collectives {
  private static final Set<DType> NUMBERS = Set.of(DType.FLOAT32, DType.FLOAT64, DType.INT64);

  static {
    NativeFolder.prepare(); // where JNA unpacks its library
  }

  private final int rank;
  private final int size;
  private volatile @Nullable CollectivesException failure;
  private final AtomicLong waited = new AtomicLong();
  private volatile boolean closed;

  /** One rank of some. */
  protected HostCollectives(int rank, int size) {
    this.rank = rank;
    this.size = size;
  }

  /** Starts a call of this rank; {@link Kind#CLOSE} is the last. */
  protected abstract Pending start(CollectiveCall call);

  /** To be told that nothing more can be done together; the first failure stays. */
  protected final synchronized void fail(CollectivesException e) {
    if (failure == null) {
      failure = e;
    }
  }

  /** Whether all ranks have closed, or nothing more can be done together. */
  protected final boolean isOver() {
    return closed || failure != null;
  }

  @Override
  public final int rank() {
    return rank;
  }

  @Override
  public final int size() {
    return size;
  }

  @Override
  public final Pending startAllReduce(Tensor x, Reduction reduction) {
    long at = numbers("allReduce", x);
    x.markChanged();
    return started(
        CollectiveCall.inPlace(Kind.ALL_REDUCE, reduction, x.dtype(), x.size(), 0, at, x));
  }

  @Override
  public final Pending startSum(Tensor x, Precision wire) {
    if (wire == Precision.INT8) {
      throw new IllegalArgumentException(
          "sum: precision on the wire expected float32 or bfloat16, got " + wire);
    }
    if (x.dtype() != DType.FLOAT32) {
      throw new IllegalArgumentException(
          "sum: type expected FLOAT32, got " + x.dtype() + "; cast it, or use startAllReduce");
    }
    if (wire == Precision.FLOAT32 || size == 1) {
      return startAllReduce(x, Reduction.SUM);
    }
    long at = address("sum", x);
    x.markChanged();
    return started(
        CollectiveCall.inPlace(Kind.BFLOAT16_SUM, Reduction.SUM, x.dtype(), x.size(), 0, at, x));
  }

  @Override
  public final void allReduce(double[] values, Reduction reduction) {
    ByteBuffer buffer = buffer(values.length);
    buffer.asDoubleBuffer().put(values);
    reduce(DType.FLOAT64, values.length, buffer, reduction);
    buffer.asDoubleBuffer().get(values);
  }

  @Override
  public final void allReduce(long[] values, Reduction reduction) {
    ByteBuffer buffer = buffer(values.length);
    buffer.asLongBuffer().put(values);
    reduce(DType.INT64, values.length, buffer, reduction);
    buffer.asLongBuffer().get(values);
  }

  private void reduce(DType dtype, int count, ByteBuffer buffer, Reduction reduction) {
    long at = Pointer.nativeValue(Native.getDirectBufferPointer(buffer));
    started(CollectiveCall.inPlace(Kind.ALL_REDUCE, reduction, dtype, count, 0, at, buffer))
        .await();
  }

  private static ByteBuffer buffer(int count) {
    return ByteBuffer.allocateDirect(Math.max(1, count) * Double.BYTES)
        .order(ByteOrder.nativeOrder());
  }

  @Override
  public final void allGather(Tensor part, Tensor whole) {
    long source = address("allGather", part);
    long target = address("allGather", whole);
    requireParts("allGather", part, whole);
    whole.markChanged();
    started(
            new CollectiveCall(
                Kind.ALL_GATHER,
                Reduction.SUM,
                part.dtype(),
                part.size(),
                0,
                source,
                target,
                List.of(part, whole)))
        .await();
  }

  @Override
  public final void reduceScatter(Tensor whole, Tensor part) {
    long source = numbers("reduceScatter", whole);
    long target = numbers("reduceScatter", part);
    requireParts("reduceScatter", part, whole);
    part.markChanged();
    started(
            new CollectiveCall(
                Kind.REDUCE_SCATTER,
                Reduction.SUM,
                part.dtype(),
                part.size(),
                0,
                source,
                target,
                List.of(whole, part)))
        .await();
  }

  @Override
  public final void broadcast(Tensor x, int root) {
    if (root < 0 || root >= size) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "broadcast: root expected from 0 to %d, got %d", size - 1, root));
    }
    long at = address("broadcast", x);
    if (rank != root) {
      x.markChanged();
    }
    started(CollectiveCall.inPlace(Kind.BROADCAST, Reduction.SUM, x.dtype(), x.size(), root, at, x))
        .await();
  }

  @Override
  public final void barrier() {
    started(CollectiveCall.of(Kind.BARRIER)).await();
  }

  @Override
  public final void close() {
    if (!isOver()) {
      started(CollectiveCall.of(Kind.CLOSE)).await();
      closed = true;
    }
  }

  private Pending started(CollectiveCall call) {
    if (closed) {
      throw new IllegalStateException(
          call.describe() + ": collectives expected open, got closed ones");
    }
    CollectivesException earlier = failure;
    if (earlier != null) {
      throw new CollectivesException(
          call.describe() + ": ranks expected to be together, got a failure before", earlier);
    }
    Pending pending = start(call);
    return () -> {
      long from = System.nanoTime();
      try {
        pending.await();
      } catch (CollectivesException e) {
        fail(e);
        throw e;
      } finally {
        waited.addAndGet(System.nanoTime() - from);
      }
    };
  }

  @Override
  public final long waitedNanos() {
    return waited.get();
  }

  private void requireParts(String where, Tensor part, Tensor whole) {
    if (part.dtype() != whole.dtype()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: part and whole expected of one type, got %s and %s",
              where,
              part.dtype(),
              whole.dtype()));
    }
    if (whole.size() != size * part.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: whole expected of %d parts of %d elements %s, got %d elements %s",
              where,
              size,
              part.size(),
              part.shape(),
              whole.size(),
              whole.shape()));
    }
    if (part.overlaps(whole)) {
      throw new IllegalArgumentException(
          where + ": part and whole expected in memory of their own, got some that share it");
    }
  }

  private static long numbers(String where, Tensor x) {
    if (!NUMBERS.contains(x.dtype())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: type expected FLOAT32, FLOAT64 or INT64, got %s; cast it",
              where,
              x.dtype()));
    }
    return address(where, x);
  }

  private static long address(String where, Tensor x) {
    if (x.packing() != null || !x.isDense()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: dense tensor expected, got %s %s; copy it",
              where,
              x.packing() != null ? "a packed" : "a view of",
              x));
    }
    if (!x.backend().memory().isHost()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: tensor expected in host memory, got %s on %s; copy it to a backend on the CPU",
              where,
              x,
              x.backend().memory().name()));
    }
    return x.hostAddress();
  }
}
