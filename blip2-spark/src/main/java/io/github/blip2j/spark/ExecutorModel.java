package io.github.blip2j.spark;

import io.github.blip2j.backend.Threads;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.nn.CancellationToken;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import io.github.blip2j.vision.image.ImageProcessorConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model that all tasks of an executor share. It is loaded by the first task that has a picture
 * and stays until the process ends, because nothing tells an executor that no task will follow.
 */
final class ExecutorModel {
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorModel.class);
  private static final int SHOWN = 12;

  /** The static holder: Spark offers no other place that outlives a task. */
  private static final Map<Key, ExecutorModel> LOADED = new HashMap<>();

  /** What two tasks must agree on to share a model; the driver has made the fingerprint. */
  record Key(ModelSource source, ModelKind kind, String fingerprint, int threads) {}

  private final @Nullable Blip2 writer;
  private final @Nullable ImageTextMatcher matcher;
  private final @Nullable MatcherEmbedder embedder;
  private final ImageProcessor processor;
  private final ExecutorService threads;

  private ExecutorModel(Key key, List<Path> files) throws IOException {
    LoadOptions options = LoadOptions.of(key.source().precision());
    if (key.kind() == ModelKind.WRITER) {
      writer = files.isEmpty() ? Blip2.bundled(options) : Blip2.load(files.get(0), options);
      matcher = null;
      embedder = null;
      processor = writer.processor();
    } else {
      writer = null;
      matcher =
          files.isEmpty()
              ? ImageTextMatcher.bundled(options)
              : ImageTextMatcher.load(files.get(0), options);
      embedder = MatcherEmbedder.of(matcher, files);
      processor = matcher.processor();
    }
    int share = Math.max(1, Threads.count() / key.threads());
    threads =
        Executors.newFixedThreadPool(
            key.threads(),
            work ->
                Daemons.thread(
                    "blip2-model",
                    () -> {
                      if (key.threads() > 1) {
                        Threads.use(share);
                      }
                      work.run();
                    }));
  }

  /**
   * The model of this process, loaded if it is not there yet.
   *
   * @param onLoad called if it was loaded
   * @throws IllegalStateException if its weights are not those of the driver, or the process lacks
   *     memory or libraries for it
   */
  static ExecutorModel of(Key key, Runnable onLoad) throws IOException {
    synchronized (LOADED) {
      @Nullable ExecutorModel known = LOADED.get(key);
      if (known != null) {
        return known;
      }
      requireSame(key);
      long start = System.nanoTime();
      ExecutorModel loaded;
      try {
        loaded = new ExecutorModel(key, key.source().files());
      } catch (RuntimeException | Error e) {
        throw Failures.told("loading " + key.source(), e);
      }
      LOADED.put(key, loaded);
      onLoad.run();
      LOG.info(
          "{} loaded in {} ms on {}",
          key.source(),
          (System.nanoTime() - start) / 1_000_000,
          Hosts.name());
      return loaded;
    }
  }

  private static void requireSame(Key key) throws IOException {
    String here = key.source().fingerprint(key.kind());
    if (!here.equals(key.fingerprint())) {
      throw new IllegalStateException(
          "spark: weights of "
              + key.source()
              + " expected to be the driver's ("
              + shown(key.fingerprint())
              + "), got others on "
              + Hosts.name()
              + " ("
              + shown(here)
              + "); put the same files on every machine");
    }
  }

  private static String shown(String fingerprint) {
    return fingerprint.substring(0, Math.min(SHOWN, fingerprint.length()));
  }

  /** The threads that the model works on, for batches of all tasks. */
  ExecutorService threads() {
    return threads;
  }

  /**
   * A picture at the model's input size, which is small enough to wait; the picture itself where a
   * second resizing would change it.
   */
  Image fit(Image image) {
    ImageProcessorConfig config = processor.config();
    @Nullable Integer edge = config.shortestEdge();
    boolean crops = config.croppedTo() != null;
    boolean twice =
        config.stretchedTo() != null
            ? crops && !config.size().equals(config.stretchedTo())
            : edge != null
                && crops
                && (config.size().width() != edge || config.size().height() != edge);
    return twice ? image : processor.fit(image);
  }

  Blip2 writer(CancellationToken token) {
    return Objects.requireNonNull(writer).withCancellation(token);
  }

  ImageTextMatcher matcher(CancellationToken token) {
    return Objects.requireNonNull(matcher).withCancellation(token);
  }

  MatcherEmbedder embedder(CancellationToken token) {
    return Objects.requireNonNull(embedder).with(matcher(token));
  }
}
