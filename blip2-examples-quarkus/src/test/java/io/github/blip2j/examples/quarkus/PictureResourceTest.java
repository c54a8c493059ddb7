package io.github.blip2j.examples.quarkus;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.ChatModel;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.vision.image.ImageDecoder;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/** The application over HTTP, as its clients see it. */
@QuarkusTest
class PictureResourceTest {
  private static final String QUESTION = "how many christmas trees are there?";
  private static final String PROBLEM = "application/problem+json";

  @Inject Blip2 blip2;
  @Inject ChatModel chat;
  @Inject ModelThread modelThread;

  @ConfigProperty(name = "pictures.queue")
  int queue;

  @Test
  void caption_isTheModels() throws IOException {
    requireCaption(scene());
  }

  @Test
  void answer_isTheModels() throws IOException {
    String expected = blip2.answer(new ImageDecoder().decode(scene(), "scene.png"), QUESTION);

    assertEquals("four", expected);
    picture(scene())
        .multiPart("question", QUESTION)
        .post("/ask")
        .then()
        .statusCode(200)
        .body("answer", is(expected));
  }

  @Test
  void requestsAtOnce_getTheirOwnAnswers() throws IOException {
    byte[] scene = scene();
    List<CompletableFuture<Void>> requests = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      requests.add(CompletableFuture.runAsync(() -> requireCaption(scene)));
      requests.add(CompletableFuture.runAsync(() -> requireAnswer(scene)));
    }

    CompletableFuture.allOf(requests.toArray(CompletableFuture[]::new)).join();
  }

  @Test
  void brokenPicture_isABadRequest() {
    picture(new byte[] {1, 2, 3, 4})
        .post("/caption")
        .then()
        .statusCode(400)
        .contentType(PROBLEM)
        .body("detail", startsWith("image: image expected a JPEG, PNG,"));
  }

  @Test
  void missingPicture_isABadRequest() {
    given()
        .multiPart("question", QUESTION)
        .post("/ask")
        .then()
        .statusCode(400)
        .contentType(PROBLEM)
        .body("detail", is("image: a part of the form expected, got none"));
  }

  @Test
  void blankQuestion_isABadRequest() throws IOException {
    picture(scene())
        .multiPart("question", " ")
        .post("/ask")
        .then()
        .statusCode(400)
        .body("detail", startsWith("answer: "));
  }

  @Test
  void tooLargeUpload_isA413() {
    // A stream, because REST Assured takes seconds for as many bytes in an array.
    given()
        .multiPart("image", "picture.png", new ByteArrayInputStream(new byte[13 << 20]))
        .post("/caption")
        .then()
        .statusCode(413);
  }

  @Test
  void fullQueue_isA503() throws InterruptedException, IOException {
    var begun = new CountDownLatch(1);
    var finished = new CountDownLatch(1);
    List<CompletableFuture<Boolean>> waiting = new ArrayList<>();
    try {
      modelThread.submit(
          () -> {
            begun.countDown();
            return finished.await(1, TimeUnit.MINUTES);
          });
      assertTrue(begun.await(1, TimeUnit.MINUTES), "the model's thread expected to begin");
      for (int i = 0; i < queue; i++) {
        waiting.add(modelThread.submit(() -> true).toCompletableFuture());
      }

      picture(scene())
          .post("/caption")
          .then()
          .statusCode(503)
          .contentType(PROBLEM)
          .header("Retry-After", "1");
    } finally {
      finished.countDown();
    }
    CompletableFuture.allOf(waiting.toArray(CompletableFuture[]::new)).join();
    requireCaption(scene());
  }

  @Test
  void chatModel_answersAboutAnImage() throws IOException {
    String scene = Base64.getEncoder().encodeToString(scene());

    var said =
        chat.chat(
            UserMessage.from(TextContent.from(QUESTION), ImageContent.from(scene, "image/png")));

    assertEquals("four", said.aiMessage().text());
  }

  private static void requireCaption(byte[] scene) {
    picture(scene)
        .post("/caption")
        .then()
        .statusCode(200)
        .body("caption", is("four christmas trees"));
  }

  private static void requireAnswer(byte[] scene) {
    picture(scene).multiPart("question", QUESTION).post("/ask").then().body("answer", is("four"));
  }

  private static RequestSpecification picture(byte[] file) {
    return given().multiPart("image", "picture.png", file, "image/png");
  }

  private static byte[] scene() throws IOException {
    try (InputStream in = PictureResourceTest.class.getResourceAsStream("/scene.png")) {
      return Objects.requireNonNull(in, "scene.png").readAllBytes();
    }
  }
}
