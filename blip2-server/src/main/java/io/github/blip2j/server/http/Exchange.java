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
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** One request and its answer, which is given once. */
final class Exchange implements Reply {
  private static final String JSON = "application/json";

  private final Request request;
  private final Response response;
  private final Callback callback;
  private final long mostDropped;
  private final AtomicBoolean answered = new AtomicBoolean();
  private @Nullable EventStream events;
  private volatile boolean eventsExpected;
  private @Nullable Consumer<CancellationException> listener;
  private @Nullable CancellationException abandoned;

  /** Tells the connection of the end before the next request can begin. */
  private final class Ending extends HttpStream.Wrapper {
    Ending(HttpStream stream) {
      super(stream);
    }

    @Override
    public void succeeded() {
      enter(Stage.IDLE);
      super.succeeded();
    }
  }

  /**
   * An exchange.
   *
   * @param mostDropped bytes of a refused request that are read for its client to see the answer
   */
  Exchange(Request request, Response response, Callback callback, long mostDropped) {
    this.request = request;
    this.response = response;
    this.callback = callback;
    this.mostDropped = mostDropped;
    enter(Stage.BODY);
    request.addHttpStreamWrapper(Ending::new);
  }

  /** The connection, unless it is another's, as in tests. */
  @Nullable ProbedEndPoint connection() {
    return request.getConnectionMetaData().getConnection().getEndPoint()
            instanceof ProbedEndPoint probed
        ? probed
        : null;
  }

  /** Tells the connection what it is at. */
  void enter(Stage stage) {
    ProbedEndPoint connection = connection();
    if (connection != null) {
      connection.enter(stage);
    }
  }

  @Override
  public void json(int status, JsonElement json) {
    finish(status, JSON, json.toString().getBytes(StandardCharsets.UTF_8), null, false);
  }

  @Override
  public void file(String contentType, byte[] bytes) {
    finish(200, contentType, bytes, null, false);
  }

  private boolean finish(
      int status,
      String contentType,
      byte[] bytes,
      @Nullable ApiException error,
      boolean unread) { // the rest of the request
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
    if (unread) {
      response.getHeaders().put(HttpHeader.CONNECTION, "close");
    }
    enter(unread ? Stage.REST : Stage.ANSWER);
    Callback end = unread ? new Drain(request, mostDropped, callback) : callback;
    response.write(true, ByteBuffer.wrap(bytes), end);
    return true;
  }

  @Override
  public void fail(Throwable failure) {
    fail(failure, false);
  }

  private void fail(Throwable failure, boolean unread) {
    ApiException error = Errors.of(failure);
    String json = Errors.json(error).toString();
    if (!finish(error.status(), JSON, json.getBytes(StandardCharsets.UTF_8), error, unread)) {
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
    fail(failure, true);
  }

  @Override
  public synchronized Events events() {
    if (events == null) {
      if (!answered.compareAndSet(false, true)) {
        return EventStream.ENDED;
      }
      events = new EventStream(response, callback, () -> enter(Stage.ANSWER));
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
    EventStream begun = begun();
    if (begun != null) {
      begun.abort();
    } else {
      // One that closed its sending side alone can still read why there is no answer.
      refuse(
          ApiException.request(
              499,
              "client_closed_request",
              "connection: open until the answer expected, got its end; keep its sending side"
                  + " open"));
    }
    // Afterwards, or the end of the work could be told first.
    abandon(new CancellationException("client: a connection expected, got its end"));
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
