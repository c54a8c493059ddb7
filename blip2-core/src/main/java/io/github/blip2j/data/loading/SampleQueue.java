package io.github.blip2j.data.loading;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The samples of an epoch in their order, read ahead on other threads.
 *
 * <p>A sample that cannot be read throws when its turn comes, as without other threads. {@link
 * #close} drops what was read ahead and ends the threads. They are daemons, and end by themselves
 * after a second without work, so that a queue that nobody closes keeps none.
 *
 * @param <T> a sample
 */
public final class SampleQueue<T> implements AutoCloseable {
  private static final long IDLE_SECONDS = 1;
  private static final long CLOSING_SECONDS = 10;
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final SampleReader<T> reader;
  private final Prefetch prefetch;
  private final int end;
  private final Deque<FutureTask<T>> tasks = new ArrayDeque<>();
  private final @Nullable ThreadPoolExecutor threads;
  private int next;
  private int asked;
  private boolean closed;

  /**
   * Samples from one place to another. Nothing is read before the first one is asked for.
   *
   * @param first the place of the first sample
   * @param end the place after the last one
   */
  public SampleQueue(SampleReader<T> reader, Prefetch prefetch, int first, int end) {
    this.reader = reader;
    this.prefetch = prefetch;
    this.next = first;
    this.asked = first;
    this.end = end;
    this.threads = prefetch.threads() == 0 ? null : threads(prefetch.threads());
  }

  private static ThreadPoolExecutor threads(int count) {
    var threads =
        new ThreadPoolExecutor(
            count,
            count,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              var thread = new Thread(work, "blip2-data-" + NUMBER.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  /**
   * The sample at a place, which must be the next one.
   *
   * @throws IOException what the reader threw; or if the calling thread is interrupted
   * @throws IllegalStateException if another place is asked for, or the queue is closed
   */
  public T next(int place) throws IOException {
    if (closed || place != next || place >= end) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "data: samples expected to be read in order while open, next %d of %d, got %d",
              next,
              end,
              place));
    }
    next++;
    if (threads == null) {
      return reader.read(place);
    }
    readAhead(threads);
    return result(tasks.remove());
  }

  private void readAhead(ThreadPoolExecutor pool) {
    while (asked < end && tasks.size() < prefetch.ahead()) {
      int place = asked++;
      var task = new FutureTask<>(() -> reader.read(place));
      tasks.add(task);
      pool.execute(task);
    }
  }

  private T result(FutureTask<T> task) throws IOException {
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      var interrupted = new InterruptedIOException("data: sample expected, got an interrupt");
      interrupted.initCause(e);
      throw interrupted;
    } catch (CancellationException e) {
      throw new IllegalStateException("data: samples expected while open, got a closed queue", e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof IOException failure) {
        throw failure;
      }
      if (cause instanceof RuntimeException failure) {
        throw failure;
      }
      if (cause instanceof Error failure) {
        throw failure;
      }
      throw new IOException("data: sample expected, got an exception", e);
    }
  }

  /**
   * Ends the threads and waits for what they are reading, ten seconds at most. An interrupt while
   * waiting is kept for the caller.
   */
  @Override
  public void close() {
    closed = true;
    if (threads == null) {
      return;
    }
    tasks.forEach(task -> task.cancel(false));
    tasks.clear();
    threads.shutdownNow();
    boolean interrupted = Thread.interrupted();
    try {
      threads.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
