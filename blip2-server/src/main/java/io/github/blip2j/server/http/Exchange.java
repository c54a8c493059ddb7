package io.github.blip2j.server.http;

import com.google.gson.JsonElement;
import io.github.blip2j.server.api.ApiException;
import io.github.blip2j.server.api.Errors;
import io.github.blip2j.server.api.Reply;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** One request and its answer, which is given once. */
final class Exchange implements Reply {
  private static final String JSON = "application/json";

  private final Response response;
  private final Callback callback;
  private final AtomicBoolean answered = new AtomicBoolean();
  private @Nullable EventStream events;
  private volatile boolean eventsExpected;
  private @Nullable Consumer<CancellationException> listener;
  private @Nullable CancellationException abandoned;

  Exchange(Response response, Callback callback) {
    this.response = response;
    this.callback = callback;
  }

  @Override
  public void json(int status, JsonElement json) {
    finish(status, JSON, json.toString().getBytes(StandardCharsets.UTF_8), null);
  }

  @Override
  public void file(String contentType, byte[] bytes) {
    finish(200, contentType, bytes, null);
  }

  private boolean finish(
      int status, String contentType, byte[] bytes, @Nullable ApiException error) {
    if (!answered.compareAndSet(false, true)) {
      return false;
    }
    if (error != null && error.retryAfterSeconds() > 0) {
      response.getHeaders().put(HttpHeader.RETRY_AFTER, error.retryAfterSeconds());
    }
    if (status == 401) {
      response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
    }
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, contentType);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
    response.write(true, ByteBuffer.wrap(bytes), callback);
    return true;
  }

  @Override
  public void fail(Throwable failure) {
    ApiException error = Errors.of(failure);
    String json = Errors.json(error).toString();
    if (!finish(error.status(), JSON, json.getBytes(StandardCharsets.UTF_8), error)) {
      EventStream begun = begun();
      if (begun != null) { // the status is sent, so the error is an event
        begun.send(json);
        begun.end();
      }
    }
  }

  private @Nullable EventStream begun() {
    synchronized (this) {
      return events;
    }
  }

  /** Fails, and closes the connection, because the rest of the request is not read. */
  void refuse(Throwable failure) {
    if (!answered.get()) {
      response.getHeaders().put(HttpHeader.CONNECTION, "close");
    }
    fail(failure);
  }

  @Override
  public synchronized Events events() {
    if (events == null) {
      if (!answered.compareAndSet(false, true)) {
        return EventStream.ENDED;
      }
      events = new EventStream(response, callback);
    }
    return events;
  }

  @Override
  public void expectEvents() {
    eventsExpected = true;
  }

  @Override
  public void onAbandoned(Consumer<CancellationException> newListener) {
    CancellationException reason;
    synchronized (this) {
      listener = newListener;
      reason = abandoned;
    }
    if (reason != null) {
      newListener.accept(reason);
    }
  }

  /** The client has gone: nothing is written, and the work is cancelled. */
  void gone() {
    abandon(new CancellationException("client: a connection expected, got its end"));
    EventStream begun = begun();
    if (begun != null) {
      begun.abort();
      return;
    }
    // One that closed its sending side alone can still read why there is no answer.
    refuse(
        ApiException.request(
            499,
            "client_closed_request",
            "connection: open until the answer expected, got its end; keep its sending side open"));
  }

  /** The time for the request is over: the client is told, and the work is cancelled. */
  void overdue(long seconds) {
    fail(
        ApiException.server(
            504,
            "timeout",
            "request: an end within " + seconds + " s expected, got none; ask for less"));
    abandon(new CancellationException("request: its time is over"));
  }

  private void abandon(CancellationException reason) {
    Consumer<CancellationException> told;
    synchronized (this) {
      if (abandoned != null) {
        return;
      }
      abandoned = reason;
      told = listener;
    }
    if (told != null) {
      told.accept(reason);
    }
  }

  /** Whether the answer is on its way. */
  boolean isAnswered() {
    return answered.get();
  }

  /**
   * Sends a comment, if events go on or are expected, so that nobody between takes the connection
   * for dead, and a client that has gone without a word is found by the write.
   */
  void ping() {
    if (eventsExpected) {
      events();
    }
    EventStream begun = begun();
    if (begun != null) {
      begun.comment("ping");
    }
  }
}
