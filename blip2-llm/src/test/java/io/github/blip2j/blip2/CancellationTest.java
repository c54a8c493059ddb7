package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.features.Feature;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.nn.CancellationToken;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls that a token stops. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class CancellationTest {
  private static final GenerationConfig GREEDY =
      GenerationConfig.greedy().minNewTokens(8).maxNewTokens(8);

  /** A call of a model with an image. */
  private record Call<M>(String name, Consumer<M> body) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Call<Blip2>> calls() throws IOException {
    Image image = Fixture.images().get(0);
    List<Image> images = List.of(image, image);
    var order = CandidateRanking.bySum();
    return List.of(
        new Call<>("caption", blip2 -> blip2.caption(image)),
        new Call<>("captions", blip2 -> blip2.captions(images)),
        new Call<>("answer", blip2 -> blip2.answer(image, "what is it?")),
        new Call<>("answers", blip2 -> blip2.answers(images, List.of("what?", "where?"))),
        new Call<>("generate", blip2 -> blip2.generate(image, "a", GREEDY)),
        new Call<>("beams", blip2 -> blip2.generate(image, "a", GenerationConfig.beams(3))),
        new Call<>("prompt", blip2 -> blip2.generate(Prompt.about(image, "a"), GREEDY)),
        new Call<>("stream", blip2 -> blip2.stream(image, "a", GREEDY, text -> {})),
        new Call<>("encode", blip2 -> blip2.encode(images).close()),
        new Call<>("score", blip2 -> blip2.score(image, "", "a red circle")),
        new Call<>("rank", blip2 -> blip2.rank(image, "", List.of("a", "b"), order)),
        new Call<>("embed", blip2 -> blip2.embed(image, Feature.QUERIES)));
  }

  @ParameterizedTest
  @MethodSource("calls")
  void call_ofACancelledView_stopsAndLeavesTheModelUsable(Call<Blip2> call) throws IOException {
    try (var blip2 = Blip2.load(Fixture.HF_OPT)) {
      call.body().accept(blip2);
      long used = TensorMemory.usedBytes();
      var token = CancellationToken.create();
      Blip2 stoppable = blip2.withCancellation(token);
      call.body().accept(stoppable);

      token.cancel();

      assertThrows(CancellationException.class, () -> call.body().accept(stoppable));
      assertEquals(used, TensorMemory.usedBytes());
      call.body().accept(blip2);
    }
  }

  static List<Call<ImageTextMatcher>> matches() throws IOException {
    Image image = Fixture.images().get(0);
    return List.of(
        new Call<>("match", matcher -> matcher.match(image, "a red circle")),
        new Call<>("pairs", matcher -> matcher.matchPairs(List.of(image), List.of("a dog"))),
        new Call<>("gradCam", matcher -> matcher.gradCam(image, "a red circle")),
        new Call<>("embed image", matcher -> matcher.embed(image)),
        new Call<>("embed text", matcher -> matcher.embed("a dog")),
        new Call<>("view", matcher -> matcher.withMaxTextTokens(8).match(image, "a dog")),
        new Call<>("index", matcher -> search(matcher, image)));
  }

  private static void search(ImageTextMatcher matcher, Image image) {
    try (var index = matcher.index()) {
      index.addImage(image);
      index.search("a dog", 1);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @MethodSource("matches")
  void call_ofACancelledMatcher_stops(Call<ImageTextMatcher> call) throws IOException {
    Path folder = Fixtures.own("hf-itm");
    try (var matcher = ImageTextMatcher.load(folder)) {
      var token = CancellationToken.create();
      ImageTextMatcher stoppable = matcher.withCancellation(token);
      call.body().accept(stoppable);
      long used = TensorMemory.usedBytes();

      token.cancel();

      assertThrows(CancellationException.class, () -> call.body().accept(stoppable));
      assertEquals(used, TensorMemory.usedBytes());
      call.body().accept(matcher);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7})
  void stream_cancelledAfterATokens_decodesNoMore(int tokens) throws IOException {
    Image image = Fixture.images().get(0);
    try (var blip2 = Blip2.load(Fixture.HF_OPT)) {
      var token = CancellationToken.create();
      Blip2 stoppable = blip2.withCancellation(token);
      List<Integer> heard = new ArrayList<>();
      try (var features = blip2.encode(List.of(image))) {
        assertThrows(
            CancellationException.class,
            () ->
                stoppable.generate(
                    features,
                    List.of(""),
                    GREEDY,
                    (row, id) -> {
                      heard.add(id);
                      if (heard.size() == tokens) {
                        token.cancel();
                      }
                    }));
      }

      assertEquals(tokens, heard.size());
    }
  }

  @Test
  void view_ofTwoTokens_isStoppedByEither() throws IOException {
    Image image = Fixture.images().get(0);
    try (var blip2 = Blip2.load(Fixture.HF_OPT)) {
      var first = CancellationToken.create();
      Blip2 both = blip2.withCancellation(first).withCancellation(CancellationToken.create());
      both.caption(image);

      first.cancel();

      assertThrows(CancellationException.class, () -> both.caption(image));
    }
  }

  @Test
  void caption_pastItsTimeLimit_stops() throws IOException {
    Image image = Fixture.images().get(0);
    try (var blip2 = Blip2.load(Fixture.HF_OPT)) {
      Blip2 limited = blip2.withCancellation(CancellationToken.within(Duration.ZERO));

      assertThrows(CancellationException.class, () -> limited.caption(image));
    }
  }

  @Test
  void captions_cancelledAtAnyMoment_areRightOrStoppedAndLeakNothing() throws IOException {
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    try (var blip2 = Blip2.load(Fixture.HF_OPT)) {
      Image image = Fixture.images().get(0);
      String expected = blip2.caption(image);
      long begun = System.nanoTime();
      blip2.caption(image);
      long usual = System.nanoTime() - begun;
      long used = TensorMemory.usedBytes();
      int stopped = 0;
      int finished = 0;

      for (int i = 0; i < 200; i++) {
        var token = CancellationToken.create();
        var cancelling = clock.schedule(token::cancel, usual * i / 150, TimeUnit.NANOSECONDS);
        try {
          assertEquals(expected, blip2.withCancellation(token).caption(image));
          finished++;
        } catch (CancellationException e) {
          stopped++;
        }
        cancelling.cancel(false);
      }

      assertTrue(stopped > 10 && finished > 10, stopped + " stopped, " + finished + " finished");
      assertEquals(used, TensorMemory.usedBytes());
      assertEquals(expected, blip2.caption(image));
    } finally {
      clock.shutdownNow();
    }
  }
}
