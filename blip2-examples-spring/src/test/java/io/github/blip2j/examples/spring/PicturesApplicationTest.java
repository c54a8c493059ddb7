package io.github.blip2j.examples.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.ChatModel;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.test.web.servlet.client.RestTestClient;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;

/** The application over HTTP, as its clients see it. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
final class PicturesApplicationTest {
  private static final Resource SCENE = new ClassPathResource("scene.png");
  private static final String QUESTION = "how many christmas trees are there?";

  @Autowired private Blip2 blip2;
  @Autowired private ChatModel chat;

  @Autowired
  @Qualifier("modelThread")
  private ThreadPoolTaskExecutor modelThread;

  @Autowired private AsyncTaskExecutor applicationTaskExecutor;

  @Value("${pictures.queue}")
  private int queue;

  @LocalServerPort private int port;

  private RestTestClient client;

  @BeforeEach
  void connect() {
    client = RestTestClient.bindToServer().baseUrl("http://127.0.0.1:" + port).build();
  }

  @Test
  void caption_isTheModels() {
    requireCaption();
  }

  @Test
  void answer_isTheModels() throws IOException {
    String expected = blip2.answer(scene(), QUESTION);

    MultiValueMap<String, Object> form = form(SCENE);
    form.add("question", QUESTION);

    assertEquals("four", expected);
    post("/ask", form).expectStatus().isOk().expectBody().jsonPath("$.answer").isEqualTo(expected);
  }

  @Test
  void requestsAtOnce_getTheirOwnAnswers() {
    List<CompletableFuture<Void>> requests = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      MultiValueMap<String, Object> form = form(SCENE);
      boolean asks = i % 2 == 0;
      form.add("question", QUESTION);
      requests.add(
          CompletableFuture.runAsync(
              () ->
                  post(asks ? "/ask" : "/caption", form)
                      .expectStatus()
                      .isOk()
                      .expectBody()
                      .json(
                          asks
                              ? "{\"answer\": \"four\"}"
                              : "{\"caption\": \"four christmas trees\"}")));
    }

    CompletableFuture.allOf(requests.toArray(CompletableFuture[]::new)).join();
  }

  @Test
  void brokenPicture_isABadRequest() {
    post("/caption", form(named(new byte[] {1, 2, 3, 4})))
        .expectStatus()
        .isBadRequest()
        .expectHeader()
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .expectBody()
        .jsonPath("$.detail")
        .value(
            String.class,
            detail -> assertTrue(detail.startsWith("image: image expected a JPEG, PNG,"), detail));
  }

  @Test
  void blankQuestion_isABadRequest() {
    MultiValueMap<String, Object> form = form(SCENE);
    form.add("question", " ");

    post("/ask", form)
        .expectStatus()
        .isBadRequest()
        .expectBody()
        .jsonPath("$.detail")
        .value(String.class, detail -> assertTrue(detail.startsWith("answer: "), detail));
  }

  @Test
  void tooLargeUpload_isA413() {
    post("/caption", form(named(new byte[(12 << 20) + 1])))
        .expectStatus()
        .isEqualTo(HttpStatus.CONTENT_TOO_LARGE)
        .expectHeader()
        .contentType(MediaType.APPLICATION_PROBLEM_JSON);
  }

  @Test
  void fullQueue_isA503() throws InterruptedException {
    var begun = new CountDownLatch(1);
    var finished = new CountDownLatch(1);
    List<CompletableFuture<Void>> waiting = new ArrayList<>();
    try {
      modelThread.execute(() -> begunAndAwaited(begun, finished));
      assertTrue(begun.await(1, TimeUnit.MINUTES), "the model's thread expected to begin");
      for (int i = 0; i < queue; i++) {
        waiting.add(modelThread.submitCompletable(() -> {}));
      }

      post("/caption", form(SCENE))
          .expectStatus()
          .isEqualTo(HttpStatus.SERVICE_UNAVAILABLE)
          .expectHeader()
          .valueEquals(HttpHeaders.RETRY_AFTER, "1");
    } finally {
      finished.countDown();
    }
    CompletableFuture.allOf(waiting.toArray(CompletableFuture[]::new)).join();
    requireCaption();
  }

  @Test
  void chatModel_answersAboutAnImage() throws IOException {
    String scene = Base64.getEncoder().encodeToString(SCENE.getContentAsByteArray());

    var said =
        chat.chat(
            UserMessage.from(TextContent.from(QUESTION), ImageContent.from(scene, "image/png")));

    assertEquals("four", said.aiMessage().text());
  }

  @Test
  void executorOfBoot_isNotTheModels() {
    assertNotSame(modelThread, applicationTaskExecutor);
  }

  @Test
  void shutdown_closesTheModel() throws IOException {
    var image = scene();
    Blip2 closed;
    try (var context =
        new SpringApplicationBuilder(ModelConfiguration.class).web(WebApplicationType.NONE).run()) {
      closed = context.getBean(Blip2.class);
    }

    assertThrows(IllegalStateException.class, () -> closed.caption(image));
  }

  private static Image scene() throws IOException {
    return new ImageDecoder().decode(SCENE.getContentAsByteArray(), "scene.png");
  }

  private void requireCaption() {
    post("/caption", form(SCENE))
        .expectStatus()
        .isOk()
        .expectBody()
        .json("{\"caption\": \"four christmas trees\"}");
  }

  private RestTestClient.ResponseSpec post(String path, MultiValueMap<String, Object> form) {
    return client.post().uri(path).contentType(MediaType.MULTIPART_FORM_DATA).body(form).exchange();
  }

  private static MultiValueMap<String, Object> form(Resource image) {
    var form = new LinkedMultiValueMap<String, Object>();
    form.add("image", image);
    return form;
  }

  /** A part is a file only by its name. */
  private static Resource named(byte[] file) {
    return new ByteArrayResource(file) {
      @Override
      public String getFilename() {
        return "picture.png";
      }
    };
  }

  private static void begunAndAwaited(CountDownLatch begun, CountDownLatch finished) {
    begun.countDown();
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
