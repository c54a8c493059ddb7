package io.github.blip2j.server.http;

import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Callback;

/**
 * Reads the rest of a refused request and drops it, once its answer is sent. Many clients read
 * nothing before they have sent all; were the connection closed meanwhile, they would see a broken
 * pipe instead of the answer.
 */
final class Drain implements Callback, Runnable {
  private final Request request;
  private final Callback callback;
  private long left;

  /**
   * A drain.
   *
   * @param most bytes to read; those of larger requests see the broken pipe
   * @param callback is called at the end
   */
  Drain(Request request, long most, Callback callback) {
    this.request = request;
    this.left = most;
    this.callback = callback;
  }

  /** The answer is sent. */
  @Override
  public void succeeded() {
    if (request.getHeaders().contains(HttpHeader.EXPECT)) {
      callback.succeeded(); // such a client has waited for the answer
    } else {
      run();
    }
  }

  @Override
  public void failed(Throwable failure) {
    callback.failed(failure);
  }

  @Override
  public InvocationType getInvocationType() {
    return InvocationType.NON_BLOCKING;
  }

  @Override
  public void run() {
    while (left >= 0) {
      Content.Chunk chunk = request.read();
      if (chunk == null) {
        request.demand(this);
        return;
      }
      if (Content.Chunk.isFailure(chunk)) {
        break;
      }
      left -= chunk.remaining();
      boolean last = chunk.isLast();
      chunk.release();
      if (last) {
        break;
      }
    }
    callback.succeeded();
  }
}
