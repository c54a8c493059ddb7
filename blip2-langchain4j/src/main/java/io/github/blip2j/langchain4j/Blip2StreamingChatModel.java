package io.github.blip2j.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.nn.CancellationToken;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A BLIP-2 model that answers questions about images piece by piece, as {@link Blip2ChatModel}
 * otherwise.
 *
 * <p>Answers come on a thread of this model, one after the other, unless another executor is given.
 * Beam search decides all of a text at its end, so it comes in one piece. After {@code cancel()} of
 * the streaming handle the model stops before its next token, and the handler is not called again.
 */
public final class Blip2StreamingChatModel implements StreamingChatModel {
  private static final Logger LOG = LoggerFactory.getLogger(Blip2StreamingChatModel.class);

  private final Blip2 blip2;
  private final String name;
  private final List<ChatModelListener> listeners;
  private final Executor executor;

  private Blip2StreamingChatModel(
      Blip2 blip2, String name, List<ChatModelListener> listeners, Executor executor) {
    this.blip2 = blip2;
    this.name = name;
    this.listeners = List.copyOf(listeners);
    this.executor = executor;
  }

  /** Over a loaded model. */
  public static Blip2StreamingChatModel of(Blip2 blip2) {
    Executor one =
        Executors.newSingleThreadExecutor(
            task -> {
              var thread = new Thread(task, "blip2-chat");
              thread.setDaemon(true);
              return thread;
            });
    return new Blip2StreamingChatModel(blip2, "blip2", List.of(), one);
  }

  /** With this name in answers. */
  public Blip2StreamingChatModel withName(String newName) {
    return new Blip2StreamingChatModel(blip2, newName, listeners, executor);
  }

  /** With these listeners, which are told of requests and answers. */
  public Blip2StreamingChatModel withListeners(List<ChatModelListener> newListeners) {
    return new Blip2StreamingChatModel(blip2, name, newListeners, executor);
  }

  /** With answers on the threads of an executor. */
  public Blip2StreamingChatModel withExecutor(Executor newExecutor) {
    return new Blip2StreamingChatModel(blip2, name, listeners, newExecutor);
  }

  @Override
  public List<ChatModelListener> listeners() {
    return listeners;
  }

  /** Answers later; a request that cannot be answered is told by {@code onError}. */
  @Override
  public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
    executor.execute(() -> answer(request, handler));
  }

  private void answer(ChatRequest request, StreamingChatResponseHandler handler) {
    var handle = new Handle();
    try {
      Blip2 mine = blip2.withCancellation(handle.token);
      var context = new PartialResponseContext(handle);
      ChatResponse response =
          ChatAnswer.to(request, mine, name)
              .streamed(
                  mine,
                  piece -> {
                    handle.token.throwIfCancelled();
                    handler.onPartialResponse(new PartialResponse(piece), context);
                  });
      if (!handle.isCancelled()) {
        handler.onCompleteResponse(response);
      }
    } catch (Throwable e) { // a handler's exception too
      if (!handle.isCancelled()) {
        tell(handler, e);
      }
    }
  }

  private static void tell(StreamingChatResponseHandler handler, Throwable failure) {
    try {
      handler.onError(failure);
    } catch (RuntimeException e) {
      LOG.warn("onError of a handler failed", e);
    }
  }

  /** Cancels the work under way. */
  private static final class Handle implements StreamingHandle {
    private final CancellationToken token = CancellationToken.create();

    @Override
    public void cancel() {
      token.cancel();
    }

    @Override
    public boolean isCancelled() {
      return token.isCancelled();
    }
  }
}
