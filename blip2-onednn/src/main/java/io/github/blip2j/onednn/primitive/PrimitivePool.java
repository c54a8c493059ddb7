package io.github.blip2j.onednn.primitive;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.bytedeco.dnnl.engine;
import org.jspecify.annotations.Nullable;

/**
 * A pool of primitive caches: at most one for each core, for any number of threads.
 *
 * <p>A primitive's scratchpad and memory objects serve one thread at a time: two threads that ran
 * one primitive at once would overwrite each other's intermediate results and get wrong numbers
 * without an error. A thread therefore borrows a cache for the time of one call. The cache returned
 * last is lent first, so a single computing thread always gets its own primitives again. If all
 * caches are lent, a thread waits: more concurrent calls than cores finish no sooner.
 */
public final class PrimitivePool {
  private final engine cpu;
  private final OpenMpThreads team;
  private final int caches;
  private final int most;
  // The cache of a single computing thread, without the lock.
  private final AtomicReference<@Nullable PrimitiveCache> handy = new AtomicReference<>();
  private final ReentrantLock lock = new ReentrantLock(); // of all fields below
  private final Condition givenBack = lock.newCondition();
  private final ArrayDeque<PrimitiveCache> idle = new ArrayDeque<>(); // last returned first
  private int made;
  private final AtomicInteger waiting = new AtomicInteger(); // also read without the lock

  /** A pool with a cache for each core. */
  public PrimitivePool(engine cpu, OpenMpThreads team) {
    this(cpu, team, Runtime.getRuntime().availableProcessors(), PrimitiveCache.MOST);
  }

  /**
   * A pool whose caches are made when they are first needed.
   *
   * @param caches their maximum number
   * @param most the maximum number of primitives in each
   */
  PrimitivePool(engine cpu, OpenMpThreads team, int caches, int most) {
    this.cpu = cpu;
    this.team = team;
    this.caches = caches;
    this.most = most;
  }

  public engine engine() {
    return cpu;
  }

  public OpenMpThreads team() {
    return team;
  }

  /** The number of caches so far. */
  public int size() {
    lock.lock();
    try {
      return made;
    } finally {
      lock.unlock();
    }
  }

  /** The number of primitives in idle caches. */
  public int ready() {
    lock.lock();
    try {
      PrimitiveCache latest = handy.get();
      int others = idle.stream().mapToInt(PrimitiveCache::size).sum();
      return others + (latest == null ? 0 : latest.size());
    } finally {
      lock.unlock();
    }
  }

  /** Runs the primitive for {@code key}, created by {@code maker} if it is not cached. */
  public void run(PrimitiveKey key, Function<PrimitiveCache, Primitive> maker, long... operands) {
    lend(calls -> calls.get(key, () -> maker.apply(calls)).run(operands));
  }

  /**
   * Runs the primitive for {@code key}; a {@code small} one, which takes less time than waking
   * threads, runs on one thread.
   */
  public void run(
      PrimitiveKey key,
      boolean small,
      Function<PrimitiveCache, Primitive> maker,
      long... operands) {
    lend(calls -> calls.get(key, small, () -> maker.apply(calls)).run(operands));
  }

  /** Makes a primitive, runs it and does not cache it. */
  public void once(Function<PrimitiveCache, Primitive> maker, long... operands) {
    lend(
        calls -> {
          Primitive call = maker.apply(calls);
          try {
            call.run(operands);
          } finally {
            call.close();
          }
        });
  }

  /** Uses a borrowed cache. */
  @FunctionalInterface
  private interface Use {
    void accept(PrimitiveCache calls);
  }

  private void lend(Use use) {
    PrimitiveCache latest = handy.getAndSet(null);
    PrimitiveCache calls = latest == null ? idleOrNew() : latest;
    try {
      use.accept(calls);
    } finally {
      giveBack(calls);
    }
  }

  private PrimitiveCache idleOrNew() {
    lock.lock();
    waiting.incrementAndGet(); // before the last check for a cache
    try {
      while (true) {
        PrimitiveCache latest = handy.getAndSet(null);
        PrimitiveCache calls = latest == null ? idle.pollFirst() : latest;
        if (calls != null) {
          return calls;
        }
        if (made < caches) {
          PrimitiveCache another = new PrimitiveCache(cpu, team, most);
          made++;
          return another;
        }
        givenBack.awaitUninterruptibly();
      }
    } finally {
      waiting.decrementAndGet();
      lock.unlock();
    }
  }

  private void giveBack(PrimitiveCache calls) {
    boolean isHandy = handy.compareAndSet(null, calls);
    if (isHandy && waiting.get() == 0) {
      return;
    }
    lock.lock();
    try {
      if (!isHandy) {
        idle.addFirst(calls);
      }
      givenBack.signal();
    } finally {
      lock.unlock();
    }
  }
}
