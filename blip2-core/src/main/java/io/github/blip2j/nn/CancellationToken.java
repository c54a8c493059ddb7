package io.github.blip2j.nn;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Stops work that is under way: at once by {@link #cancel}, or after a time limit.
 *
 * <p>While a token is {@linkplain #enter entered} on a thread, the models that the thread runs stop
 * soon after the token is cancelled, with a {@link CancellationException}: they look before every
 * layer of a network and before every token that is decoded. So they stop within the time of one
 * layer. What they allocated is released, and the model may be used again.
 *
 * <pre>{@code
 * var limit = CancellationToken.within(Duration.ofSeconds(2));
 * String caption = blip2.withCancellation(limit).caption(image);
 * }</pre>
 *
 * <p>Any thread may cancel a token, and one token may stop many calls. A cancelled token stays so.
 */
public final class CancellationToken {
  private static final ThreadLocal<@Nullable Block> ENTERED = new ThreadLocal<>();

  private final @Nullable Duration limit;
  private final long deadline; // System.nanoTime; without a limit it has no meaning
  private volatile boolean cancelled;

  private CancellationToken(@Nullable Duration limit) {
    this.limit = limit;
    this.deadline = limit == null ? 0 : System.nanoTime() + limit.toNanos();
  }

  /** A token that is cancelled by {@link #cancel} alone. */
  public static CancellationToken create() {
    return new CancellationToken(null);
  }

  /**
   * A token that is cancelled when this time has passed from now on, or by {@link #cancel}.
   *
   * @throws IllegalArgumentException if the limit is negative or longer than 100 years
   */
  public static CancellationToken within(Duration limit) {
    if (limit.isNegative() || limit.compareTo(Duration.ofDays(36_500)) > 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "cancellation: limit expected 0 s to 100 years, got %s", limit));
    }
    return new CancellationToken(limit);
  }

  /** Cancels; work under way stops at its next check. */
  public void cancel() {
    cancelled = true;
  }

  /** Whether it was cancelled or its time has passed. */
  public boolean isCancelled() {
    return cancelled || isOverdue();
  }

  /**
   * Applies this token to the work of the current thread until the returned block is closed. Blocks
   * may nest; then each of their tokens stops the work.
   */
  public Block enter() {
    return new Block(this);
  }

  /**
   * Throws if a token that the current thread has entered is cancelled. Long work of your own may
   * call it too.
   *
   * @throws CancellationException if one is
   */
  public static void check() {
    for (Block block = ENTERED.get(); block != null; block = block.around) {
      block.token.throwIfCancelled();
    }
  }

  /**
   * Throws if this token is cancelled.
   *
   * @throws CancellationException if it is
   */
  public void throwIfCancelled() {
    if (cancelled) {
      throw new CancellationException("cancelled: the caller stopped this work before its end");
    }
    if (isOverdue()) {
      throw new CancellationException(
          String.format(
              Locale.ROOT,
              "cancelled: end expected within %s ms, got none; allow more time or ask for less",
              limit == null ? "" : limit.toMillis()));
    }
  }

  private boolean isOverdue() {
    return limit != null && System.nanoTime() - deadline >= 0;
  }

  /** Work that a token may stop; close it on the thread that entered. */
  public static final class Block implements AutoCloseable {
    private final CancellationToken token;
    private final @Nullable Block around;

    private Block(CancellationToken token) {
      this.token = token;
      this.around = ENTERED.get();
      ENTERED.set(this);
    }

    @Override
    public void close() {
      if (around == null) {
        ENTERED.remove();
      } else {
        ENTERED.set(around);
      }
    }
  }
}
