package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What the facade says when it is used otherwise. */
final class Blip2MisuseTest {
  private static final String CLOSED =
      "blip2: open model expected, got closed; close after the last use";
  private static final BufferedImage IMAGE = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);

  private static Blip2 blip2;
  private static Image picture;

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.load(Fixture.HF_OPT);
    picture = Fixture.images().get(0);
  }

  @AfterAll
  static void close() {
    blip2.close();
  }

  @Test
  void answer_toBlankQuestion_isRefused() {
    assertSays(
        IllegalArgumentException.class,
        "answer: question expected text, got a blank",
        () -> blip2.answer(IMAGE, " \n"));
  }

  @Test
  void generate_promptBeyondPositions_isRefused() {
    assertSays(
        IllegalArgumentException.class,
        "generate: prompt of 301 tokens and 8 of the image exceed maxPositions=128;"
            + " shorten the prompt",
        () -> blip2.generate(picture, " a".repeat(300).strip(), GenerationConfig.greedy()));
  }

  @Test
  void generate_promptWithTheImageToken_isRefused() {
    assertSays(
        IllegalArgumentException.class,
        "generate: prompt expected text, got the token <image>, which stands for the image;"
            + " leave it out",
        () -> blip2.generate(picture, "a photo <image> of", GenerationConfig.greedy()));
  }

  @Test
  void generate_minimumBeyondRoom_isRefused() {
    GenerationConfig decoding = GenerationConfig.greedy().maxNewTokens(200).minNewTokens(119);

    assertSays(
        IllegalArgumentException.class,
        "generate: minNewTokens expected at most 118 after a prompt of 3 tokens, got 119",
        () -> blip2.generate(picture, "a a", decoding));
  }

  @Test
  void generate_otherNumberOfPrompts_isRefused() throws IOException {
    try (ImageFeatures features = blip2.encode(Fixture.images())) {
      assertSays(
          IllegalArgumentException.class,
          "generate: prompts expected one for each of 3 images, got 2",
          () -> blip2.generate(features, List.of("", ""), GenerationConfig.greedy()));
      assertSays(
          IllegalArgumentException.class,
          "generate: prompts expected one for each of 3 images, got 0",
          () -> blip2.generate(features, List.of(), GenerationConfig.greedy()));
    }
  }

  @Test
  void encode_ofNothing_isRefused() {
    assertSays(
        IllegalArgumentException.class,
        "encode: images expected at least 1, got 0",
        () -> blip2.encode(List.of()));
  }

  @Test
  void stream_ofSeveralTexts_isRefused() {
    assertSays(
        IllegalArgumentException.class,
        "stream: numReturnSequences expected 1, got 3; generate returns several",
        () ->
            blip2.stream(
                Image.of(IMAGE), "", GenerationConfig.beams(3).numReturnSequences(3), text -> {}));
  }

  @Test
  void decoding_contradicting_isRefusedBeforeAnythingRuns() {
    assertSays(
        IllegalArgumentException.class,
        "decoding: numReturnSequences expected at most numBeams=2, got 3; use more beams",
        () -> blip2.generate(picture, "", GenerationConfig.beams(2).numReturnSequences(3)));
  }

  @Test
  @SuppressWarnings("NullAway") // callers outside the null checker
  void calls_withNull_nameIt() {
    String nothing = null;
    assertNull("caption: image expected, got null", () -> blip2.caption((BufferedImage) null));
    assertNull("read: file expected, got null", () -> blip2.read(null));
    assertNull(
        "captions: image expected, got null",
        () -> blip2.captions(Arrays.asList(Image.of(IMAGE), null)));
    assertNull("captions: images expected, got null", () -> blip2.captions(null));
    assertNull("answer: question expected, got null", () -> blip2.answer(IMAGE, nothing));
    assertNull(
        "generate: prompt expected, got null",
        () -> blip2.generate(IMAGE, nothing, GenerationConfig.greedy()));
    assertNull("generate: decoding expected, got null", () -> blip2.generate(IMAGE, "", null));
    assertNull(
        "encode: image expected, got null", () -> blip2.encode(Arrays.asList(picture, null)));
    assertNull("load: folder expected, got null", () -> Blip2.load(null));
    assertNull(
        "stream: text expected, got null",
        () -> blip2.stream(Image.of(IMAGE), "", GenerationConfig.greedy(), null));
  }

  @Test
  void calls_afterClose_sayClosed() throws IOException {
    Blip2 closed = Blip2.load(Fixture.HF_OPT);
    ImageFeatures features = closed.encode(List.of(picture));
    closed.close();
    closed.close();

    assertSays(IllegalStateException.class, CLOSED, () -> closed.caption(IMAGE));
    assertSays(IllegalStateException.class, CLOSED, () -> closed.answer(IMAGE, "what?"));
    assertSays(IllegalStateException.class, CLOSED, () -> closed.encode(List.of(picture)));
    assertSays(
        IllegalStateException.class,
        CLOSED,
        () -> closed.generate(features, List.of(""), GenerationConfig.greedy()));
    assertSays(
        IllegalStateException.class,
        "tokenizer: open tokenizer expected, got a closed one; close it after its last use",
        () -> closed.tokenizer().encode("a"));
    features.close();
  }

  @Test
  void model_afterClose_hasNoParameters() throws IOException {
    Blip2 closed = Blip2.load(Fixture.HF_OPT);
    Blip2Model model = closed.model();
    closed.close();

    try (var scope = Scope.open()) {
      Tensor pixels = blip2.pixels(List.of(picture));
      var thrown =
          assertThrows(
              IllegalStateException.class,
              () -> model.encodeImage(pixels, ForwardPass.evaluation()));
      assertEquals(
          "vision.patches.weight: tensor expected to be alive, got one released when its scope"
              + " ended; hand it out with scope.keep(tensor), or let a Scope.detached() adopt what is to"
              + " stay longer",
          thrown.getMessage());
    }
  }

  @Test
  void features_afterClose_sayClosed() {
    ImageFeatures features = blip2.encode(List.of(picture));
    features.close();
    features.close();

    String message =
        "features: open features of images expected, got closed; close after the last use";
    assertEquals(1, features.size());
    assertSays(IllegalStateException.class, message, features::prompt);
    assertSays(
        IllegalStateException.class,
        message,
        () -> blip2.generate(features, List.of(""), GenerationConfig.greedy()));
  }

  @Test
  void close_fromWithinACall_isRefused() throws IOException {
    try (Blip2 own = Blip2.load(Fixture.HF_OPT);
        ImageFeatures features = own.encode(List.of(picture))) {
      assertSays(
          IllegalStateException.class,
          "blip2: close expected after the last call, got one from within a call",
          () ->
              own.generate(
                  features, List.of(""), GenerationConfig.greedy(), (row, token) -> own.close()));
      assertEquals(
          "a red circle", own.generate(picture, "", GenerationConfig.greedy()).get(0).text());
    }
  }

  @Test
  void close_duringACall_waitsForIt() throws Exception {
    long used = TensorMemory.usedBytes();
    Blip2 own = Blip2.load(Fixture.HF_OPT);
    var running = new CountDownLatch(1);
    var thread = Executors.newSingleThreadExecutor();
    try (ImageFeatures features = own.encode(List.of(picture))) {
      Future<String> text =
          thread.submit(
              () ->
                  own.generate(
                          features,
                          List.of(""),
                          GenerationConfig.greedy(),
                          (row, token) -> running.countDown())
                      .get(0)
                      .get(0)
                      .text());
      running.await();

      own.close();

      assertEquals("a red circle", text.get(1, TimeUnit.MINUTES));
    } finally {
      thread.shutdownNow();
    }
    assertEquals(used, TensorMemory.usedBytes());
  }

  @Test
  void close_onAnotherThreadThatTheListenerWaitsFor_isDoneWhenTheCallEnds() throws Exception {
    long used = TensorMemory.usedBytes();
    Blip2 own = Blip2.load(Fixture.HF_OPT);
    var other = Executors.newSingleThreadExecutor();
    try (ImageFeatures features = own.encode(List.of(picture))) {
      var text =
          own.generate(
              features,
              List.of(""),
              GenerationConfig.greedy(),
              (row, token) -> run(other, own::close));

      assertEquals("a red circle", text.get(0).get(0).text());
    } finally {
      other.shutdownNow();
    }
    assertSays(IllegalStateException.class, CLOSED, () -> own.caption(IMAGE));
    assertEquals(used, TensorMemory.usedBytes());
  }

  @Test
  void call_onAnotherThreadThatTheListenerWaitsFor_isRefusedOnceAModelCloses() throws Exception {
    Blip2 own = Blip2.load(Fixture.HF_OPT);
    var closer = Executors.newSingleThreadExecutor();
    var other = Executors.newSingleThreadExecutor();
    try (ImageFeatures features = own.encode(List.of(picture))) {
      var closing = new AtomicReference<Future<?>>();
      var text =
          own.generate(
              features,
              List.of(""),
              GenerationConfig.greedy(),
              (row, token) -> {
                if (closing.get() == null) {
                  run(other, () -> own.caption(IMAGE)); // while nobody closes, it is served
                  closing.set(closer.submit(own::close));
                }
                // A call that comes while the close waits for this one must not wait for the close.
                var refused = new AtomicBoolean();
                while (!refused.get()) {
                  run(
                      other,
                      () -> {
                        try {
                          own.caption(IMAGE);
                        } catch (IllegalStateException e) {
                          refused.set(CLOSED.equals(e.getMessage()));
                        }
                      });
                }
              });

      assertEquals("a red circle", text.get(0).get(0).text());
      Objects.requireNonNull(closing.get()).get(1, TimeUnit.MINUTES);
    } finally {
      closer.shutdownNow();
      other.shutdownNow();
    }
  }

  private static void run(ExecutorService thread, Runnable work) {
    try {
      thread.submit(work).get(1, TimeUnit.MINUTES);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertNull(String message, Executable call) {
    assertSays(NullPointerException.class, message, call);
  }

  private static void assertSays(
      Class<? extends RuntimeException> type, String message, Executable call) {
    assertEquals(message, assertThrows(type, call).getMessage());
  }
}
