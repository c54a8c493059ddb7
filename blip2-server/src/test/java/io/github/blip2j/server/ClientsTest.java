package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients of others, unchanged. */
final class ClientsTest {
  private static final Path NODE = Path.of("src", "test", "node");
  private static final String QUESTION = "what is it?";

  private static Blip2Server server;
  private static String caption;
  private static String answer;
  private static float[] embedding;

  @BeforeAll
  static void start() throws IOException {
    server = Blip2Server.start(Client.bothModels());
    Image image = new ImageDecoder().decode(Client.IMAGES[0]);
    try (Blip2 blip2 = Blip2.load(Client.WRITER);
        ImageTextMatcher matcher = ImageTextMatcher.load(Client.MATCHER)) {
      caption = blip2.caption(image);
      answer = blip2.answer(image, QUESTION);
      embedding = matcher.embed("two cats");
    }
    server.ready().join();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String address() {
    return server.uri() + "/v1";
  }

  private static UserMessage about(String text) {
    String base64 = Base64.getEncoder().encodeToString(Client.bytes(Client.IMAGES[0]));
    return UserMessage.from(TextContent.from(text), ImageContent.from(base64, "image/png"));
  }

  @Test
  void langchain4j_chat_hasTheAnswer() {
    OpenAiChatModel model =
        OpenAiChatModel.builder()
            .baseUrl(address())
            .apiKey("none")
            .modelName("bundled")
            .maxRetries(0)
            .build();

    ChatResponse response = model.chat(about(QUESTION));

    assertEquals(answer, response.aiMessage().text());
    assertTrue(response.tokenUsage().outputTokenCount() > 0);
    InvalidRequestException e =
        assertThrows(InvalidRequestException.class, () -> model.chat(UserMessage.from("no image")));
    assertTrue(String.valueOf(e.getMessage()).contains("at least one image"), e.getMessage());
  }

  @Test
  void langchain4j_stream_hasTheAnswerInPieces() throws Exception {
    OpenAiStreamingChatModel model =
        OpenAiStreamingChatModel.builder()
            .baseUrl(address())
            .apiKey("none")
            .modelName("bundled")
            .build();
    var pieces = new StringBuilder();
    var done = new CompletableFuture<ChatResponse>();

    model.chat(
        java.util.List.of(about(QUESTION)),
        new StreamingChatResponseHandler() {
          @Override
          public void onPartialResponse(String piece) {
            pieces.append(piece);
          }

          @Override
          public void onCompleteResponse(ChatResponse response) {
            done.complete(response);
          }

          @Override
          public void onError(Throwable error) {
            done.completeExceptionally(error);
          }
        });

    ChatResponse response = done.get(30, TimeUnit.SECONDS);
    assertEquals(answer, pieces.toString());
    assertEquals(answer, response.aiMessage().text());
  }

  @Test
  void langchain4j_embedding_isTheLibrarys() {
    OpenAiEmbeddingModel model =
        OpenAiEmbeddingModel.builder().baseUrl(address()).apiKey("none").modelName("itm").build();

    Embedding found = model.embed("two cats").content();

    assertEquals(embedding.length, found.dimension());
    assertEquals(embedding[3], found.vector()[3], 1e-6f);
  }

  @Test
  void openaiForNode_works(@TempDir Path folder) throws Exception {
    if (!Files.isDirectory(NODE.resolve("node_modules"))) {
      String why = "npm ci in blip2-server/src/test/node, for the test with OpenAI's client";
      if (System.getenv("CI") != null) {
        fail("node_modules expected, got none; run " + why);
      }
      abort("not run without " + why);
    }
    Path image = Files.writeString(folder.resolve("image"), Client.dataUrl(Client.IMAGES[0]));
    Path errors = folder.resolve("errors");
    Process node =
        new ProcessBuilder("node", "openai.mjs", server.uri().toString(), image.toString())
            .directory(NODE.toFile())
            .redirectError(errors.toFile())
            .start();
    String said = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, node.waitFor(), () -> read(errors));

    JsonObject seen = JsonParser.parseString(said).getAsJsonObject();
    assertEquals("[\"bundled\",\"itm\"]", seen.get("models").toString());
    assertEquals(answer, seen.get("answer").getAsString());
    assertEquals(caption, seen.get("caption").getAsString());
    assertTrue(seen.get("pieces").getAsInt() > 1, said);
    assertTrue(seen.get("streamUsage").getAsInt() > 1, said);
    assertEquals(caption.substring(0, 5), seen.get("stopped").getAsString());
    assertEquals("stop", seen.get("reason").getAsString());
    assertTrue(seen.get("logprobs").toString().matches("\\[2(,2)*]"), said);
    JsonArray vector = assertInstanceOf(JsonArray.class, seen.get("embedding"));
    assertEquals(embedding[3], vector.get(3).getAsFloat(), 1e-6f);
    assertEquals(
        "[\"NotFoundError 404 model\",\"BadRequestError 400 messages\","
            + "\"BadRequestError 400 max_tokens\"]",
        seen.get("errors").toString());
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
