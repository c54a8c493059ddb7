package io.github.blip2j.server.http;

import io.github.blip2j.server.api.ApiException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/**
 * Reads the body of a request without a thread that waits for it. All bodies together are bounded,
 * so that many large ones cannot fill the memory.
 */
final class BodyReader implements Runnable {
  private final Request request;
  private final long most;
  private final AtomicLong room; // for all bodies
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  private long taken; // of the room

  BodyReader(Request request, long most, AtomicLong room) {
    this.request = request;
    this.most = most;
    this.room = room;
  }

  /**
   * Reads; the result is completed by any thread, with an {@link ApiException} for a wrong body.
   */
  CompletableFuture<byte[]> read() {
    long length = request.getHeaders().getLongField(HttpHeader.CONTENT_LENGTH);
    if (length > most) {
      return CompletableFuture.failedFuture(tooLarge());
    }
    run();
    return body;
  }

  /** Gives the room back, when the body is no longer needed. */
  void release() {
    room.addAndGet(taken);
    taken = 0;
  }

  @Override
  public void run() {
    while (true) {
      Content.Chunk chunk = request.read();
      if (chunk == null) {
        request.demand(this);
        return;
      }
      if (Content.Chunk.isFailure(chunk)) {
        body.completeExceptionally(failure(chunk.getFailure()));
        return;
      }
      boolean last = chunk.isLast();
      boolean kept = keep(chunk.getByteBuffer());
      chunk.release();
      if (!kept) {
        return;
      }
      if (last) {
        body.complete(bytes.toByteArray());
        return;
      }
    }
  }

  private boolean keep(ByteBuffer some) {
    int length = some.remaining();
    if (bytes.size() + (long) length > most) {
      body.completeExceptionally(tooLarge());
      return false;
    }
    if (room.addAndGet(-length) < 0) {
      room.addAndGet(length);
      body.completeExceptionally(
          ApiException.unavailable(
              "server_busy", "body: room expected, got too many large ones at once", 1));
      return false;
    }
    taken += length;
    byte[] part = new byte[length];
    some.get(part);
    bytes.writeBytes(part);
    return true;
  }

  private ApiException tooLarge() {
    return ApiException.request(
        413,
        "body_too_large",
        String.format(
            Locale.ROOT,
            "body: at most %d bytes expected, got more; that is an image of %d bytes in base64",
            most,
            most / 4 * 3));
  }

  private static Throwable failure(Throwable failure) {
    if (failure instanceof HttpException bad) {
      return ApiException.request(
          bad.getCode(),
          "bad_request",
          "body: all of it as its header says expected, got a fault ("
              + bad.getReason()
              + "); send it with an HTTP library");
    }
    Throwable cause = failure;
    while (cause != null && !(cause instanceof TimeoutException)) {
      cause = cause.getCause();
    }
    return cause == null
        ? ApiException.request(
            400, "body_incomplete", "body: all of it expected, got its end early")
        : ApiException.request(
            408, "body_too_slow", "body: 1000 bytes a second or more expected, got fewer");
  }
}
