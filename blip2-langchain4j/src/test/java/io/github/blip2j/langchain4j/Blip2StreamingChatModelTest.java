package io.github.blip2j.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.TokenStream;
import io.github.blip2j.blip2.Blip2;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Streams through LangChain4j's interfaces, held against the library's own answers. */
final class Blip2StreamingChatModelTest {
  private static Blip2 blip2;
  private static StreamingChatModel model;

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.bundled();
    model = Blip2StreamingChatModel.of(blip2);
  }

  @AfterAll
  static void close() {
    blip2.close();
  }

  /** Keeps all that it is told. */
  private static class Told implements StreamingChatResponseHandler {
    final List<String> pieces = Collections.synchronizedList(new ArrayList<>());
    final CompletableFuture<ChatResponse> end = new CompletableFuture<>();

    @Override
    public void onPartialResponse(String piece) {
      pieces.add(piece);
    }

    @Override
    public void onCompleteResponse(ChatResponse response) {
      end.complete(response);
    }

    @Override
    public void onError(Throwable error) {
      end.completeExceptionally(error);
    }

    ChatResponse await() throws Exception {
      return end.get(60, TimeUnit.SECONDS);
    }
  }

  private static ChatRequest caption() {
    return ChatRequest.builder().messages(UserMessage.from(Photos.starContent())).build();
  }

  @Test
  void pieces_areTheText_andComeBeforeIt() throws Exception {
    var told = new Told();

    model.chat(caption(), told);

    String caption = blip2.caption(Photos.star());
    assertEquals(caption, told.await().aiMessage().text());
    assertEquals(caption, String.join("", told.pieces).strip());
    assertTrue(told.pieces.size() > 1, told.pieces::toString);
  }

  @Test
  void tokenStream_ofAnAiService_tellsTheText() throws Exception {
    interface Assistant {
      TokenStream look(@dev.langchain4j.service.UserMessage ImageContent image);
    }
    Assistant assistant = AiServices.builder(Assistant.class).streamingChatModel(model).build();
    var told = new Told();

    assistant
        .look(Photos.starContent())
        .onPartialResponse(told::onPartialResponse)
        .onCompleteResponse(told::onCompleteResponse)
        .onError(told::onError)
        .start();

    assertEquals(blip2.caption(Photos.star()), told.await().aiMessage().text());
  }

  @Test
  void cancel_stopsTheModel_andNothingElseIsTold() throws Exception {
    var cancelled = new CompletableFuture<Void>();
    var told =
        new Told() {
          @Override
          public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
            super.onPartialResponse(piece.text());
            context.streamingHandle().cancel();
            cancelled.complete(null);
          }
        };

    model.chat(caption(), told);
    cancelled.get(60, TimeUnit.SECONDS);
    var next = new Told();
    model.chat(caption(), next); // behind it, on the same thread

    assertEquals(blip2.caption(Photos.star()), next.await().aiMessage().text());
    assertEquals(1, told.pieces.size());
    assertFalse(told.end.isDone());
  }

  @Test
  void failures_areTold_andTheNextAnswerComes() throws Exception {
    var unanswerable = new Told();
    model.chat(ChatRequest.builder().messages(UserMessage.from("hello")).build(), unanswerable);
    var failing =
        new Told() {
          @Override
          public void onPartialResponse(String piece) {
            throw new IllegalStateException("of the handler");
          }
        };
    model.chat(caption(), failing);
    var next = new Told();
    model.chat(caption(), next);

    next.await();
    assertTrue(message(unanswerable).contains("at least one image expected"));
    assertEquals("of the handler", message(failing));
  }

  private static String message(Told told) {
    return told.end.handle((response, failure) -> String.valueOf(failure.getMessage())).join();
  }
}
