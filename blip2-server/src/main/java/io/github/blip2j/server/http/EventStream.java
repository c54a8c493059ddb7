package io.github.blip2j.server.http;

import io.github.blip2j.server.api.Reply;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.IteratingCallback;
import org.jspecify.annotations.Nullable;

/**
 * Server-sent events, written without waiting: a client that reads slowly delays nobody, and one
 * that lets too much pile up is cut off.
 */
final class EventStream extends IteratingCallback implements Reply.Events {
  /** A stream that has ended already, where all is dropped. */
  static final Reply.Events ENDED =
      new Reply.Events() {
        @Override
        public void send(String data) {}

        @Override
        public void end() {}
      };

  private static final int MOST_PENDING = 4 << 20;

  private final Response response;
  private final Callback callback;
  private final Runnable atEnd;
  private final Deque<ByteBuffer> pending = new ArrayDeque<>();
  private int pendingBytes;
  private boolean ended;
  private boolean lastWritten;

  /**
   * A stream.
   *
   * @param atEnd is run when the last event is there, though not yet sent
   */
  EventStream(Response response, Callback callback, Runnable atEnd) {
    this.response = response;
    this.callback = callback;
    this.atEnd = atEnd;
    response.setStatus(200);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream");
    response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-cache");
    response.getHeaders().put("X-Accel-Buffering", "no"); // or nginx collects events
  }

  @Override
  public void send(String data) {
    add("data: " + data + "\n\n");
  }

  /** Sends a line that clients ignore. */
  void comment(String text) {
    add(": " + text + "\n\n");
  }

  private void add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    boolean full;
    synchronized (this) {
      if (ended) {
        return;
      }
      pending.add(ByteBuffer.wrap(bytes));
      pendingBytes += bytes.length;
      full = pendingBytes > MOST_PENDING;
      ended = full;
    }
    if (full) {
      abort();
    } else {
      iterate();
    }
  }

  @Override
  public void end() {
    atEnd.run();
    synchronized (this) {
      ended = true;
    }
    iterate();
  }

  /** Ends the connection without another byte. */
  void abort() {
    synchronized (this) {
      ended = true;
    }
    abort(new EofException("the client does not read"));
  }

  @Override
  protected Action process() {
    @Nullable ByteBuffer next;
    boolean last;
    synchronized (this) {
      if (lastWritten) {
        return Action.SUCCEEDED;
      }
      next = pending.poll();
      if (next == null && !ended) {
        return Action.IDLE;
      }
      pendingBytes -= next == null ? 0 : next.remaining();
      last = ended && pending.isEmpty();
      lastWritten = last;
    }
    response.write(last, next == null ? ByteBuffer.allocate(0) : next, this);
    return Action.SCHEDULED;
  }

  @Override
  protected void onCompleteSuccess() {
    callback.succeeded();
  }

  @Override
  protected void onCompleteFailure(Throwable cause) {
    callback.failed(cause);
  }
}
