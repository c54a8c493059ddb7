package io.github.blip2j.server.work;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.models.ModelStore;
import io.github.blip2j.server.models.ServedModel;
import io.github.blip2j.server.work.EmbedJob.Seen;
import io.github.blip2j.server.work.EmbedJob.Text;
import io.github.blip2j.server.work.ExplainJob.Explained;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A picture that was seen is not looked at again: once the vision tower computes nonsense, answers
 * about it stay as they were, and those about another picture do not.
 */
final class MatchingFeaturesTest {
  private static final Path MODEL = Path.of("..", "blip2-llm/src/test/resources/golden/hf-itm");

  private final AtomicInteger encoded = new AtomicInteger(); // passes of the vision tower
  private WorkQueue queue;

  @BeforeEach
  void start() throws IOException {
    var source = ModelSource.of("itm", MODEL, Precision.FLOAT32);
    var models = new ModelStore(List.of(source), LoadOptions.of(Precision.FLOAT32), 1 << 30);
    queue =
        new WorkQueue(
            models,
            8,
            1 << 20,
            1_000_000,
            new WorkListener() {
              @Override
              public void features(boolean there) {
                encoded.addAndGet(there ? 0 : 1);
              }
            });
    queue.start("itm").join();
  }

  @AfterEach
  void stop() {
    queue.close();
  }

  /** Fresh bytes each time, as of another request. */
  private static Picture picture(String name) {
    try {
      return Picture.of("image", Files.readAllBytes(MODEL.resolve("images").resolve(name)));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private <R> R run(Job<R> job) throws Exception {
    queue.add(job);
    return job.result().get(60, TimeUnit.SECONDS);
  }

  /** Sets norms and biases of the vision tower to zero. */
  private static final class Blinding extends Job<Boolean> {
    Blinding() {
      super("itm", new Object());
    }

    @Override
    public String label() {
      return "blinding";
    }

    @Override
    protected void run(ServedModel model, List<? extends Job<?>> jobs, Bench bench) {
      model
          .matcher()
          .model()
          .stateDict()
          .forEach(
              (name, weight) -> {
                if (name.startsWith("vision.") && weight.shape().rank() == 1) {
                  weight.scaleInPlace(0);
                }
              });
      result().complete(true);
    }
  }

  private List<Match> match(String name) throws Exception {
    return run(new MatchJob("itm", picture(name), List.of("two cats", "a red circle")));
  }

  private List<Match> matchOne(String name) throws Exception {
    return run(new MatchJob("itm", picture(name), List.of("two cats")));
  }

  private float[][] explain(String name) throws Exception {
    Explained explained = run(new ExplainJob("itm", picture(name), "two cats"));
    return explained.maps().relevance(explained.maps().usualLayer());
  }

  private List<List<Float>> embed(String name) throws Exception {
    return run(new EmbedJob("itm", List.of(new Seen(picture(name))))).vectors();
  }

  private List<Double> rerank(String name) throws Exception {
    return run(new RerankJob("itm", new Text("two cats"), List.of(new Seen(picture(name)))));
  }

  @Test
  void everyTask_aboutASeenPicture_looksAtItNoMore() throws Exception {
    List<Match> matches = match("a.png");
    List<Match> one = matchOne("a.png");
    float[][] map = explain("a.png");
    List<List<Float>> vector = embed("a.png");
    List<Double> scores = rerank("a.png");
    List<Match> otherOne = matchOne("b.png");
    assertEquals(2, encoded.get(), "two pictures");
    run(new Blinding());

    assertEquals(matches, match("a.png"));
    assertEquals(one, matchOne("a.png"));
    assertArrayEquals(map[0], explain("a.png")[0]);
    assertEquals(vector, embed("a.png"));
    assertEquals(scores, rerank("a.png"));
    assertEquals(2, encoded.get());

    assertEquals(otherOne, matchOne("b.png"));
    try (var matcher = ImageTextMatcher.load(MODEL)) {
      Match right = matcher.match(picture("c.png").decode(1_000_000), "two cats");
      assertNotEquals(right.itc(), matchOne("c.png").get(0).itc(), 1e-3, "it is blind");
    }
    assertNotEquals(one, otherOne);
  }
}
