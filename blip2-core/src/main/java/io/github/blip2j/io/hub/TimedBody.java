package io.github.blip2j.io.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A response body with a time limit between its pieces. The JDK client's own time-out ends with the
 * headers, so it would wait forever for a host that falls silent in the middle of a file.
 */
final class TimedBody implements BodySubscriber<TimedBody>, AutoCloseable {
  /** A piece of the body, or the end, which has no bytes and possibly an error. */
  private record Event(@Nullable List<ByteBuffer> bytes, @Nullable Throwable error) {}

  private final URI uri;
  private final Duration silence;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private @Nullable Subscription subscription;
  private boolean closed;

  TimedBody(URI uri, Duration silence) {
    this.uri = uri;
    this.silence = silence;
  }

  /**
   * The next piece, or null at the end.
   *
   * @throws TransientException if nothing arrives for too long, or the connection is lost
   */
  @Nullable List<ByteBuffer> next() throws IOException {
    @Nullable Event event;
    try {
      event = events.poll(silence.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("download: interrupted while reading");
    }
    if (event == null) {
      throw HubClient.silent(uri, silence, null);
    }
    if (event.error() != null) {
      throw HubClient.cut(uri, event.error());
    }
    if (event.bytes() != null) {
      askForMore();
    }
    return event.bytes();
  }

  @Override
  public CompletionStage<TimedBody> getBody() {
    return CompletableFuture.completedFuture(this);
  }

  @Override
  public synchronized void onSubscribe(Subscription newSubscription) {
    subscription = newSubscription;
    if (closed) {
      newSubscription.cancel();
    } else {
      newSubscription.request(1);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> bytes) {
    events.add(new Event(bytes, null));
  }

  @Override
  public void onError(Throwable error) {
    events.add(new Event(null, error));
  }

  @Override
  public void onComplete() {
    events.add(new Event(null, null));
  }

  /** Drops the rest of the body. */
  @Override
  public synchronized void close() {
    closed = true;
    if (subscription != null) {
      subscription.cancel();
    }
  }

  private synchronized void askForMore() {
    if (subscription != null) {
      subscription.request(1);
    }
  }
}
