package io.github.blip2j.server.work;

import io.github.blip2j.server.models.ServedModel;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * Work of one request for the model thread.
 *
 * @param <R> what it results in
 */
public abstract class Job<R> {
  private final String model;
  private final Object kind;
  private final CompletableFuture<R> result = new CompletableFuture<>();
  private volatile boolean cancelled;
  private volatile long enqueuedNanos;
  private volatile long begunNanos;

  /**
   * A job.
   *
   * @param model the name of the model that it needs
   * @param kind jobs of equal kinds and models may run as one batch
   */
  protected Job(String model, Object kind) {
    this.model = model;
    this.kind = kind;
  }

  /** The name of the model that it needs. */
  public final String model() {
    return model;
  }

  /** What it results in; completed by the model thread, or by a cancellation. */
  public final CompletableFuture<R> result() {
    return result;
  }

  /** Whether nobody waits for the result any more. */
  public final boolean isCancelled() {
    return cancelled;
  }

  /** Milliseconds from its arrival to its start. */
  public final double queuedMillis() {
    return (begunNanos - enqueuedNanos) / 1e6;
  }

  /** The name of the work, in metrics. */
  public abstract String label();

  /** How many pieces of work it is, for the estimate of the time that others take. */
  protected int weight() {
    return 1;
  }

  /**
   * Runs this job and others like it, and completes the results of those that succeed or fail by
   * themselves.
   *
   * @param jobs this and others, all of this class and of equal kinds
   */
  protected abstract void run(ServedModel model, List<? extends Job<?>> jobs, Bench bench)
      throws Exception;

  /** Whether it may run again: it has no result yet, and has told none of it. */
  protected boolean isRestartable() {
    return !result.isDone();
  }

  final boolean matches(Job<?> other) {
    return getClass() == other.getClass() && model.equals(other.model) && kind.equals(other.kind);
  }

  final void enqueued() {
    enqueuedNanos = System.nanoTime();
  }

  final void begun() {
    begunNanos = System.nanoTime();
  }

  final double queuedSeconds() {
    return (begunNanos - enqueuedNanos) / 1e9;
  }

  final void cancelled(CancellationException reason) {
    cancelled = true;
    result.completeExceptionally(reason);
  }

  final void failed(Throwable failure) {
    result.completeExceptionally(failure);
  }
}
