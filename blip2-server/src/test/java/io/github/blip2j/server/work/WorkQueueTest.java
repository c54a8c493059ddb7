package io.github.blip2j.server.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.models.ModelStore;
import io.github.blip2j.server.models.ServedModel;
import io.github.blip2j.server.work.GenerateJob.Written;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The queue and its batches, with a small model. */
final class WorkQueueTest {
  private static final Path WRITER = Path.of("..", "blip2-llm/src/test/resources/golden/hf-opt");
  private static final Path IMAGES =
      Path.of("..", "blip2-llm/src/test/resources/golden/hf-itm/images");
  private static final GenerationConfig LONG =
      GenerationConfig.greedy().maxNewTokens(100).minNewTokens(100);

  private final AtomicInteger encoded = new AtomicInteger();
  private final AtomicInteger cached = new AtomicInteger();
  private final AtomicInteger decoded = new AtomicInteger(); // tokens of texts that were finished
  private final List<Integer> batches = new ArrayList<>(); // of generation, of the model thread
  private WorkQueue queue;

  @BeforeEach
  void start() {
    var models = new ModelStore(sources(), LoadOptions.of(Precision.FLOAT32), 1);
    queue =
        new WorkQueue(
            models,
            4,
            1 << 20,
            1_000_000,
            new WorkListener() {
              @Override
              public void features(boolean there) {
                (there ? cached : encoded).incrementAndGet();
              }

              @Override
              public void tokens(int count) {
                decoded.addAndGet(count);
              }

              @Override
              public void ran(String label, int size, double seconds) {
                if (label.equals("generate")) {
                  batches.add(size);
                }
              }
            });
    queue.start("bundled").join();
  }

  @AfterEach
  void stop() {
    queue.close();
  }

  private static Picture picture(String name) {
    try {
      return Picture.of("image", Files.readAllBytes(IMAGES.resolve(name)));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static GenerateJob caption(Picture picture, GenerationConfig config) {
    return new GenerateJob("bundled", List.of(picture), blip2 -> "", config, null);
  }

  private static Written written(GenerateJob job) throws Exception {
    return job.result().get(30, TimeUnit.SECONDS);
  }

  /** Holds the model thread until it is released. */
  private static final class Blocker extends Job<Boolean> {
    final CountDownLatch running = new CountDownLatch(1);
    final CountDownLatch released = new CountDownLatch(1);

    Blocker() {
      super("bundled", "blocker");
    }

    @Override
    public String label() {
      return "blocker";
    }

    @Override
    protected void run(ServedModel model, List<? extends Job<?>> jobs, Bench bench)
        throws InterruptedException {
      running.countDown();
      released.await();
      result().complete(true);
    }
  }

  private Blocker blocked() throws InterruptedException {
    var blocker = new Blocker();
    queue.add(blocker);
    blocker.running.await();
    return blocker;
  }

  @Test
  void jobs_thatWaitAndAreAlike_runAsOneBatch_withTheirOwnResults() throws Exception {
    var alone = caption(picture("b.png"), GenerationConfig.greedy());
    queue.add(alone);
    String expected = written(alone).texts().get(0).text();
    Blocker blocker = blocked();
    var first = caption(picture("a.png"), GenerationConfig.greedy());
    var other = caption(picture("a.png"), GenerationConfig.beams(2));
    var second = caption(picture("b.png"), GenerationConfig.greedy());
    List.of(first, other, second).forEach(queue::add);
    blocker.released.countDown();

    assertEquals(expected, written(second).texts().get(0).text());
    written(other);
    var last = caption(picture("a.png"), GenerationConfig.greedy());
    queue.add(last);
    written(last); // so that the batches before are recorded
    assertEquals(List.of(1, 2, 1), batches.subList(0, 3));
  }

  @Test
  void image_thatIsKnown_isNotLookedAtAgain() throws Exception {
    for (int i = 0; i < 3; i++) {
      var job = caption(picture("a.png"), GenerationConfig.greedy());
      queue.add(job);
      written(job);
    }

    assertEquals(1, encoded.get());
    assertEquals(2, cached.get());
  }

  @Test
  void job_thatIsCancelled_decodesNoMoreTokens() throws Exception {
    var pieces = new AtomicInteger();
    var some = new CountDownLatch(3);
    var cancelled = new CountDownLatch(1);
    var job =
        new GenerateJob(
            "bundled",
            List.of(picture("a.png")),
            blip2 -> "",
            LONG,
            (piece, tokens) -> {
              pieces.incrementAndGet();
              some.countDown();
              if (some.getCount() == 0) {
                awaitQuietly(cancelled);
              }
            });
    queue.add(job);
    some.await();
    queue.cancel(job, new CancellationException("gone"));
    cancelled.countDown();

    var after = caption(picture("a.png"), GenerationConfig.greedy());
    queue.add(after);
    assertEquals(written(after).texts().get(0).tokenIds().size(), decoded.get(), "and no others");
    assertEquals(3, pieces.get(), "pieces of a text of 100 tokens");
    assertThrows(CancellationException.class, () -> job.result().join());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void batch_ofWhichOneIsCancelled_goesOnForTheOther() throws Exception {
    Blocker blocker = blocked();
    var started = new CountDownLatch(1);
    var cancelled = new CountDownLatch(1);
    var gone =
        new GenerateJob(
            "bundled",
            List.of(picture("a.png")),
            blip2 -> "",
            LONG,
            (piece, tokens) -> {
              started.countDown();
              awaitQuietly(cancelled);
            });
    var stays = caption(picture("b.png"), LONG);
    queue.add(gone);
    queue.add(stays);
    blocker.released.countDown();
    started.await();
    queue.cancel(gone, new CancellationException("gone"));
    cancelled.countDown();

    assertEquals(100, written(stays).texts().get(0).tokenIds().size());
  }

  @Test
  void batch_withOneBadImage_failsForThatOneAlone() throws Exception {
    Blocker blocker = blocked();
    var good = caption(picture("a.png"), GenerationConfig.greedy());
    var bad = caption(Picture.of("image", new byte[] {1, 2, 3}), GenerationConfig.greedy());
    queue.add(bad);
    queue.add(good);
    blocker.released.countDown();

    assertTrue(written(good).texts().get(0).text().length() > 1);
    ExecutionException e = assertThrows(ExecutionException.class, () -> written(bad));
    assertTrue(e.getCause() instanceof PictureException, String.valueOf(e.getCause()));
  }

  @Test
  void queue_thatIsFull_refusesWithATime() throws Exception {
    Blocker blocker = blocked();
    for (int i = 0; i < 4; i++) {
      queue.add(caption(picture("a.png"), GenerationConfig.greedy()));
    }

    QueueFullException e =
        assertThrows(
            QueueFullException.class,
            () -> queue.add(caption(picture("a.png"), GenerationConfig.greedy())));

    assertTrue(e.retryAfterSeconds() >= 1);
    blocker.released.countDown();
  }

  @Test
  void features_beyondTheBudget_areDropped() throws Exception {
    queue.close();
    encoded.set(0);
    startWithoutCache();
    for (String name : List.of("a.png", "a.png")) {
      var job = caption(picture(name), GenerationConfig.greedy());
      queue.add(job);
      written(job);
    }

    assertEquals(2, encoded.get());
  }

  private static List<ModelSource> sources() {
    try {
      return List.of(ModelSource.of("bundled", WRITER, Precision.FLOAT32));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void startWithoutCache() {
    var models = new ModelStore(sources(), LoadOptions.of(Precision.FLOAT32), 1);
    queue =
        new WorkQueue(
            models,
            4,
            0,
            1_000_000,
            new WorkListener() {
              @Override
              public void features(boolean there) {
                (there ? cached : encoded).incrementAndGet();
              }
            });
    queue.start("bundled").join();
  }
}
