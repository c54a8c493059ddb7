package io.github.blip2j.blip2;

import static io.github.blip2j.blip2.Required.given;
import static io.github.blip2j.blip2.Required.several;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.qformer.retrieval.Ranking;
import io.github.blip2j.qformer.retrieval.Rankings;
import io.github.blip2j.qformer.retrieval.RetrievalIndex;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.image.RgbImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Pictures and texts to be found by each other; see {@link RetrievalIndex}. Texts are cut to 35
 * tokens, as LAVIS does here and nowhere else.
 *
 * <p>It holds a temporary file: close it, before its matcher. Not for use by several threads at
 * once.
 */
public final class ImageTextIndex implements AutoCloseable {
  private static final String WHERE = "retrieval";
  private static final int MOST_TOKENS = 35;
  private static final int BATCH = 8; // more gains little and takes memory

  private final LoadedMatcher loaded;
  private final RetrievalIndex index;
  private final Gate gate = new Gate(WHERE, "index");

  private ImageTextIndex(LoadedMatcher loaded, RetrievalIndex index) {
    this.loaded = loaded;
    this.index = index;
  }

  static ImageTextIndex create(LoadedMatcher loaded, Path folder) throws IOException {
    return new ImageTextIndex(
        loaded, RetrievalIndex.create(loaded.qformer(), loaded.padId(), folder));
  }

  /** Adds a picture; the first has number 0. */
  public void addImage(RgbImage image) throws IOException {
    addImages(List.of(given(WHERE, "image", image)));
  }

  /** Adds pictures, numbered in their order. */
  public void addImages(List<RgbImage> images) throws IOException {
    several(WHERE, "image", images);
    for (int from = 0; from < images.size(); from += BATCH) {
      List<RgbImage> some = images.subList(from, Math.min(from + BATCH, images.size()));
      during(
          () -> {
            try (var off = GradMode.noGrad();
                var scope = Scope.open()) {
              index.addImages(loaded.see(some));
              return index;
            }
          });
    }
  }

  /** Adds texts, numbered in their order; the first has number 0. */
  public void addTexts(List<String> texts) throws IOException {
    several(WHERE, "text", texts);
    during(
        () -> {
          index.addTexts(texts.stream().map(this::ids).toList());
          return index;
        });
  }

  /** Pictures so far. */
  public int images() {
    return index.images();
  }

  /** Texts so far. */
  public int texts() {
    return index.texts();
  }

  /**
   * Ranks all texts for every picture and all pictures for every text, to be scored by {@link
   * Rankings#scores}.
   *
   * @param k how many of the most similar are matched; LAVIS takes 128
   */
  public Rankings rank(int k) throws IOException {
    return during(() -> index.rank(k));
  }

  /** As above, telling the number of each picture before its texts are matched, in order. */
  public Rankings rank(int k, IntConsumer listener) throws IOException {
    given(WHERE, "listener", listener);
    return during(() -> index.rank(k, number -> gate.aside(() -> listener.accept(number))));
  }

  /**
   * The pictures that a text describes, the best first.
   *
   * @param k how many of the most similar are matched and returned
   */
  public Ranking search(String text, int k) throws IOException {
    given(WHERE, "text", text);
    return during(() -> index.search(ids(text), k));
  }

  /** Removes the temporary file. */
  @Override
  public void close() throws IOException {
    try {
      gate.close(
          () -> {
            try {
              index.close();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private int[] ids(String text) {
    return loaded.comparedIds(WHERE, text, MOST_TOKENS);
  }

  /** A call that may fail at the temporary file. */
  @FunctionalInterface
  private interface Work<T> {
    T run() throws IOException;
  }

  private <T> T during(Work<T> work) throws IOException {
    try {
      return gate.call(
          () ->
              loaded.during(
                  () -> {
                    try {
                      return work.run();
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  }));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
