package io.github.blip2j.distributed;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Ranks that are threads of this process, for tests. Sums are made in the order of the ranks, so
 * that results are the same each time.
 *
 * <p>A rank that fails in {@link #run}, or is aborted, makes the others' calls fail at once; one
 * that merely does not come makes them fail after a limit.
 */
public final class InMemoryCollectives extends HostCollectives {
  private static final int PACKED = 1 << 16; // numbers of a rank that are packed at a time

  private final Group group;
  private long calls;

  private InMemoryCollectives(int rank, Group group) {
    super(rank, group.size);
    this.group = group;
  }

  /**
   * The ranks of a new group, for a thread each.
   *
   * @param limit how long a rank waits for the others
   */
  public static List<Collectives> group(int size, Duration limit) {
    return List.copyOf(ranks(new Group(size, limit)));
  }

  /**
   * Runs work on a thread for each rank, and closes the ranks. Returns when all have ended.
   *
   * @param limit how long a rank waits for the others
   * @param work of a rank; should not close it
   * @throws RuntimeException what the first rank to fail threw, with what the others threw
   *     suppressed
   */
  public static void run(int size, Duration limit, Consumer<Collectives> work) {
    Group group = new Group(size, limit);
    List<Throwable> thrown = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (InMemoryCollectives rank : ranks(group)) {
      Thread thread = new Thread(() -> rank.run(work, thrown), "rank " + rank.rank());
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      joined(thread);
    }
    if (!thrown.isEmpty()) {
      Throwable first = thrown.get(0);
      thrown.stream().filter(other -> other != first).forEach(first::addSuppressed);
      if (first instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) first;
    }
  }

  private void run(Consumer<Collectives> work, List<Throwable> thrown) {
    try {
      work.accept(this);
      close();
    } catch (RuntimeException | Error e) {
      synchronized (thrown) {
        thrown.add(e);
      }
      group.fail(
          new CollectivesException(
              String.format(Locale.ROOT, "collectives: rank %d failed: %s", rank(), e), e));
    }
  }

  private static void joined(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CollectivesException("collectives: interrupted while ranks run", e);
    }
  }

  private static List<InMemoryCollectives> ranks(Group group) {
    List<InMemoryCollectives> ranks = new ArrayList<>();
    for (int rank = 0; rank < group.size; rank++) {
      ranks.add(new InMemoryCollectives(rank, group));
    }
    return ranks;
  }

  @Override
  protected Pending start(CollectiveCall call) {
    Meeting meeting = group.join(calls++, rank(), call);
    return () -> group.await(meeting, call);
  }

  @Override
  public void abort(int code) {
    CollectivesException aborted =
        new CollectivesException(
            String.format(Locale.ROOT, "collectives: rank %d aborted with code %d", rank(), code));
    fail(aborted);
    group.fail(aborted);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "rank %d of %d in one process", rank(), size());
  }

  /** The same call of all ranks. */
  private static final class Meeting {
    private final @Nullable CollectiveCall[] calls;
    private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();

    Meeting(int size) {
      calls = new CollectiveCall[size];
    }

    List<CollectiveCall> calls() {
      List<CollectiveCall> found = new ArrayList<>();
      for (CollectiveCall call : calls) {
        if (call != null) {
          found.add(call);
        }
      }
      return found;
    }

    List<Integer> missing() {
      List<Integer> missing = new ArrayList<>();
      for (int rank = 0; rank < calls.length; rank++) {
        if (calls[rank] == null) {
          missing.add(rank);
        }
      }
      return missing;
    }
  }

  private static final class Group {
    private final int size;
    private final Duration limit;
    private final Map<Long, Meeting> open = new HashMap<>(); // by number of the call
    private @Nullable CollectivesException failure;

    Group(int size, Duration limit) {
      if (size < 1) {
        throw new IllegalArgumentException("collectives: size expected at least 1, got " + size);
      }
      this.size = size;
      this.limit = limit;
    }

    /** The last rank to come makes the operation. */
    Meeting join(long number, int rank, CollectiveCall call) {
      Meeting meeting;
      synchronized (this) {
        meeting = open.computeIfAbsent(number, each -> new Meeting(size));
        meeting.calls[rank] = call;
        if (failure != null) {
          meeting.done.completeExceptionally(failure);
        }
        if (!meeting.missing().isEmpty()) {
          return meeting;
        }
        open.remove(number);
      }
      make(meeting);
      return meeting;
    }

    private void make(Meeting meeting) {
      List<CollectiveCall> calls = meeting.calls();
      String mismatch =
          CollectiveCall.mismatch(
              calls.stream().flatMapToLong(c -> Arrays.stream(c.signature())).toArray(),
              rank -> "rank " + rank);
      if (mismatch != null) {
        fail(meeting, new CollectivesException(mismatch));
        return;
      }
      try {
        make(calls);
        meeting.done.complete(null);
      } catch (RuntimeException | Error e) {
        fail(meeting, new CollectivesException("collectives: " + e, e));
      }
    }

    private static void make(List<CollectiveCall> calls) {
      CollectiveCall any = calls.get(0);
      long bytes = any.count() * any.dtype().byteSize();
      long[] sources = calls.stream().mapToLong(CollectiveCall::source).toArray();
      long[] targets = calls.stream().mapToLong(CollectiveCall::target).toArray();
      switch (any.kind()) {
        case ALL_REDUCE ->
            MemoryLoops.reduce(any.reduction(), any.dtype(), any.count(), sources, targets);
        case BFLOAT16_SUM -> sumInBfloat16(any.count(), sources, targets);
        case ALL_GATHER -> {
          for (long target : targets) {
            for (int rank = 0; rank < sources.length; rank++) {
              MemoryLoops.copy(sources[rank], target + rank * bytes, bytes);
            }
          }
        }
        case REDUCE_SCATTER -> {
          for (int rank = 0; rank < targets.length; rank++) {
            long offset = rank * bytes;
            long[] parts = Arrays.stream(sources).map(source -> source + offset).toArray();
            MemoryLoops.reduce(
                any.reduction(), any.dtype(), any.count(), parts, new long[] {targets[rank]});
          }
        }
        case BROADCAST -> {
          for (int rank = 0; rank < targets.length; rank++) {
            if (rank != any.root()) {
              MemoryLoops.copy(sources[any.root()], targets[rank], bytes);
            }
          }
        }
        case BARRIER, CLOSE -> {}
      }
    }

    private static void sumInBfloat16(long count, long[] sources, long[] targets) {
      long bytes = PackedBfloat16.bytes(PACKED);
      try (Memory memory = new Memory(bytes * sources.length)) {
        long[] packed = new long[sources.length];
        for (int rank = 0; rank < packed.length; rank++) {
          packed[rank] = Pointer.nativeValue(memory) + rank * bytes;
        }
        for (long done = 0; done < count; done += PACKED) {
          long part = Math.min(PACKED, count - done);
          long offset = done * Float.BYTES;
          for (int rank = 0; rank < packed.length; rank++) {
            PackedBfloat16.pack(sources[rank] + offset, part, packed[rank]);
          }
          PackedBfloat16.sum(packed, part, packed[0]);
          for (long target : targets) {
            PackedBfloat16.unpack(packed[0], part, target + offset);
          }
        }
      }
    }

    void await(Meeting meeting, CollectiveCall call) {
      try {
        meeting.done.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      } catch (ExecutionException e) {
        Throwable cause = Objects.requireNonNull(e.getCause());
        throw new CollectivesException(call.describe() + ": " + cause.getMessage(), cause);
      } catch (TimeoutException e) {
        List<Integer> missing;
        synchronized (this) {
          missing = meeting.missing();
        }
        CollectivesException late =
            new CollectivesException(
                String.format(
                    Locale.ROOT,
                    "%s: all of %d ranks expected within %s, got none of %s",
                    call.describe(),
                    size,
                    limit,
                    missing),
                e);
        fail(meeting, late);
        throw late;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        CollectivesException interrupted =
            new CollectivesException(call.describe() + ": interrupted", e);
        fail(meeting, interrupted);
        throw interrupted;
      }
    }

    private void fail(Meeting meeting, CollectivesException e) {
      fail(e);
      meeting.done.completeExceptionally(e);
    }

    synchronized void fail(CollectivesException e) {
      if (failure == null) {
        failure = e;
      }
      for (Meeting meeting : open.values()) {
        meeting.done.completeExceptionally(failure);
      }
    }
  }
}
