package io.github.blip2j.server.work;

import io.github.blip2j.nn.CancellationToken;
import io.github.blip2j.server.models.ModelStore;
import io.github.blip2j.server.models.ServedModel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bounded queue of jobs, and the one thread that runs them.
 *
 * <p>The job that has waited longest is next. Those behind it that are like it, up to {@link
 * #BATCH}, run with it as one batch, whatever stands between them; the thread never waits for more.
 * A job whose client has gone leaves the queue at once. If it runs already, its batch is stopped
 * when all its jobs are cancelled; otherwise the batch goes on and the result is dropped.
 */
public final class WorkQueue implements AutoCloseable {
  /** The most jobs of a batch. */
  public static final int BATCH = 8;

  private static final Logger LOG = LoggerFactory.getLogger(WorkQueue.class);

  private final ModelStore models;
  private final int capacity;
  private final long maxPixels;
  private final FeatureCache features;
  private final WorkListener listener;
  private final Pace pace = new Pace();
  private final Thread thread = new Thread(this::work, "blip2-model");
  private String first = "";
  private final CompletableFuture<Void> ready = new CompletableFuture<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Job<?>> waiting = new ArrayDeque<>();
  private List<Job<?>> running = List.of();
  private @Nullable CancellationToken token; // of those that run
  private boolean closed;

  /**
   * A queue.
   *
   * @param capacity the most jobs that wait
   * @param featureBytes bytes of image features that are kept
   * @param maxPixels the most pixels of an image
   */
  public WorkQueue(
      ModelStore models, int capacity, long featureBytes, long maxPixels, WorkListener listener) {
    this.models = models;
    this.capacity = capacity;
    this.maxPixels = maxPixels;
    this.listener = listener;
    this.features = new FeatureCache(featureBytes, listener);
    models.onClosing(features::drop);
    thread.setDaemon(true);
  }

  /**
   * Starts the thread, which first loads a model.
   *
   * @return completed when it is loaded, or exceptionally if it does not load
   */
  public CompletableFuture<Void> start(String firstModel) {
    first = firstModel; // seen by the thread, because it starts afterwards
    thread.start();
    return ready;
  }

  /** Whether the first model is loaded and work is taken. */
  public boolean isReady() {
    return ready.isDone() && !ready.isCompletedExceptionally();
  }

  /**
   * Adds a job.
   *
   * @throws QueueFullException if as many wait as may
   */
  public void add(Job<?> job) {
    lock.lock();
    try {
      if (closed) {
        throw new CancellationException(
            "queue: work expected before the server stops, got some after");
      }
      if (waiting.size() >= capacity) {
        listener.rejected();
        throw new QueueFullException(
            waiting.size(), pace.secondsFor(waiting.size() + running.size()));
      }
      job.enqueued();
      waiting.add(job);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Cancels a job, wherever it is; its result is then the reason. */
  public void cancel(Job<?> job, CancellationException reason) {
    if (job.result().isDone()) {
      return;
    }
    job.cancelled(reason);
    listener.cancelled();
    lock.lock();
    try {
      waiting.remove(job);
      CancellationToken current = token;
      if (current != null && running.contains(job) && running.stream().allMatch(Job::isCancelled)) {
        current.cancel();
      }
    } finally {
      lock.unlock();
    }
  }

  /** How many jobs wait. */
  public int waiting() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  /** How many jobs run. */
  public int running() {
    lock.lock();
    try {
      return running.size();
    } finally {
      lock.unlock();
    }
  }

  /** Jobs a second, lately; 0 before the first. */
  public double rate() {
    return pace.rate();
  }

  private void work() {
    try {
      models.open(first);
      ready.complete(null);
    } catch (Throwable e) {
      ready.completeExceptionally(e);
    }
    try {
      for (List<Job<?>> batch = next(); !batch.isEmpty(); batch = next()) {
        runTimed(batch);
      }
    } finally {
      models.close();
    }
  }

  /** The next batch; empty when the queue is closed and all is done. */
  private List<Job<?>> next() {
    lock.lock();
    try {
      running = List.of();
      token = null;
      changed.signalAll();
      while (waiting.isEmpty()) {
        if (closed) {
          return List.of();
        }
        changed.awaitUninterruptibly();
      }
      Job<?> oldest = waiting.remove();
      List<Job<?>> batch = new ArrayList<>(List.of(oldest));
      Iterator<Job<?>> others = waiting.iterator();
      while (batch.size() < BATCH && others.hasNext()) {
        Job<?> other = others.next();
        if (other.matches(oldest)) {
          batch.add(other);
          others.remove();
        }
      }
      running = List.copyOf(batch);
      token = CancellationToken.create();
      return running;
    } finally {
      lock.unlock();
    }
  }

  private void runTimed(List<Job<?>> batch) {
    long begun = System.nanoTime();
    for (Job<?> job : batch) {
      job.begun();
      listener.waited(job.queuedSeconds());
    }
    run(batch);
    double seconds = (System.nanoTime() - begun) / 1e9;
    pace.ran(batch.stream().mapToInt(Job::weight).sum(), seconds);
    listener.ran(batch.get(0).label(), batch.size(), seconds);
  }

  /** Runs a batch; if it fails, each of its jobs alone, so that the mistake of one is its own. */
  private void run(List<Job<?>> batch) {
    CancellationToken current = token;
    if (current == null) {
      throw new AssertionError("a batch without a token");
    }
    List<Job<?>> wanted = batch.stream().filter(job -> !job.isCancelled()).toList();
    if (wanted.isEmpty()) {
      return;
    }
    try {
      ServedModel model = models.open(wanted.get(0).model());
      wanted.get(0).run(model, wanted, new Bench(current, features, maxPixels, listener));
    } catch (Throwable e) {
      if (wanted.size() > 1 && !current.isCancelled()) {
        LOG.debug("a batch of {} failed, its jobs run one by one", wanted.size(), e);
        wanted.stream().filter(Job::isRestartable).forEach(job -> run(List.of(job)));
        wanted.forEach(job -> job.failed(e)); // where it could not be run again
      } else {
        wanted.forEach(job -> job.failed(e));
      }
    } finally {
      features.trim();
    }
  }

  /** Waits until nothing waits or runs, or the time has passed; then stops what is left. */
  public void close(long patienceMillis) {
    lock.lock();
    try {
      long left = TimeUnit.MILLISECONDS.toNanos(patienceMillis);
      closed = true;
      changed.signalAll();
      while ((!waiting.isEmpty() || !running.isEmpty()) && left > 0) {
        left = changed.awaitNanos(left);
      }
      var reason = new CancellationException("the server stops");
      List.copyOf(waiting).forEach(job -> job.cancelled(reason));
      waiting.clear();
      running.forEach(job -> job.cancelled(reason));
      if (token != null) {
        token.cancel();
      }
      changed.signalAll();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
    awaitThread();
  }

  private void awaitThread() {
    try {
      thread.join(TimeUnit.SECONDS.toMillis(10)); // one layer of a large model takes less
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    close(0);
  }
}
