package io.github.blip2j.onednn;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.bytedeco.dnnl.engine;
import org.jspecify.annotations.Nullable;

/**
 * The caches of ready calls: no more than cores, however many threads compute.
 *
 * <p>A primitive's scratchpad and the places of a call's operands serve one thread at a time: two
 * threads that ran one call at once would overwrite each other's intermediate results and get wrong
 * numbers without a sign. So a thread has a cache to itself while one call runs, and no longer. The
 * cache given back last is lent first, so a thread that computes alone always meets the calls that
 * it made ready. With all caches lent, a thread waits: more calls at once than cores finish no
 * sooner.
 */
final class CallPool {
  private final engine cpu;
  private final Team team;
  private final int caches;
  private final int most;
  // What a thread that computes alone takes and gives back, without the lock.
  private final AtomicReference<@Nullable Calls> handy = new AtomicReference<>();
  private final ReentrantLock lock = new ReentrantLock(); // of all below
  private final Condition givenBack = lock.newCondition();
  private final ArrayDeque<Calls> idle = new ArrayDeque<>(); // last first
  private int made;
  private final AtomicInteger waiting = new AtomicInteger(); // read without the lock, too

  /** A cache for each core. */
  CallPool(engine cpu, Team team) {
    this(cpu, team, Runtime.getRuntime().availableProcessors(), Calls.MOST);
  }

  /**
   * Caches that are made when they are first needed.
   *
   * @param caches how many there may be
   * @param most how many calls each keeps
   */
  CallPool(engine cpu, Team team, int caches, int most) {
    this.cpu = cpu;
    this.team = team;
    this.caches = caches;
    this.most = most;
  }

  engine engine() {
    return cpu;
  }

  Team team() {
    return team;
  }

  /** Caches so far. */
  int size() {
    lock.lock();
    try {
      return made;
    } finally {
      lock.unlock();
    }
  }

  /** Calls that are ready in caches that no thread has just now. */
  int ready() {
    lock.lock();
    try {
      Calls latest = handy.get();
      int others = idle.stream().mapToInt(Calls::size).sum();
      return others + (latest == null ? 0 : latest.size());
    } finally {
      lock.unlock();
    }
  }

  /** Runs the call for {@code key}, made by {@code maker} where it is not ready. */
  void run(Key key, Function<Calls, Call> maker, long... operands) {
    lend(calls -> calls.get(key, () -> maker.apply(calls)).run(operands));
  }

  /** The same, told whether the call is {@code small}: done sooner than another thread wakes. */
  void run(Key key, boolean small, Function<Calls, Call> maker, long... operands) {
    lend(calls -> calls.get(key, small, () -> maker.apply(calls)).run(operands));
  }

  /** Makes a call, runs it and keeps nothing of it. */
  void once(Function<Calls, Call> maker, long... operands) {
    lend(
        calls -> {
          Call call = maker.apply(calls);
          try {
            call.run(operands);
          } finally {
            call.close();
          }
        });
  }

  /** What is done with a cache. */
  @FunctionalInterface
  private interface Use {
    void accept(Calls calls);
  }

  private void lend(Use use) {
    Calls latest = handy.getAndSet(null);
    Calls calls = latest == null ? idleOrNew() : latest;
    try {
      use.accept(calls);
    } finally {
      giveBack(calls);
    }
  }

  private Calls idleOrNew() {
    lock.lock();
    waiting.incrementAndGet(); // before a last look, so that whoever gives one back later sees it
    try {
      while (true) {
        Calls latest = handy.getAndSet(null);
        Calls calls = latest == null ? idle.pollFirst() : latest;
        if (calls != null) {
          return calls;
        }
        if (made < caches) {
          Calls another = new Calls(cpu, team, most);
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

  private void giveBack(Calls calls) {
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
