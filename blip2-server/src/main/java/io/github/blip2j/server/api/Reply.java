package io.github.blip2j.server.api;

import com.google.gson.JsonElement;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/** The answer to a request. One of its methods ends it, or {@link Events} does. */
public interface Reply {
  /** Answers with JSON. */
  void json(int status, JsonElement json);

  /** Answers with a file. */
  void file(String contentType, byte[] bytes);

  /** Answers with an error, or ends the events with one. */
  void fail(Throwable failure);

  /** Answers with server-sent events, from the first of them on. */
  Events events();

  /**
   * The answer will be events, so that they may begin with comments if the first takes long. From
   * then on an error is an event too.
   */
  void expectEvents();

  /** Calls a listener once, as soon as the client has gone or its time is over. */
  void onAbandoned(Consumer<CancellationException> listener);

  /** Server-sent events. Any thread may send them, one at a time. */
  interface Events {
    /** Sends an event. */
    void send(String data);

    /** Ends the answer. */
    void end();
  }
}
