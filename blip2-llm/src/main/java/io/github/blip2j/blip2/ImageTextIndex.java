package io.github.blip2j.blip2;

import static io.github.blip2j.blip2.text.Arguments.required;
import static io.github.blip2j.blip2.text.Arguments.requiredAll;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.inference.CloseGuard;
import io.github.blip2j.blip2.inference.MatchingSession;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.distributed.Rounds;
import io.github.blip2j.qformer.retrieval.IndexJournal;
import io.github.blip2j.qformer.retrieval.Ranking;
import io.github.blip2j.qformer.retrieval.Rankings;
import io.github.blip2j.qformer.retrieval.RetrievalIndex;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * An index of images and texts for retrieval in both directions; see {@link RetrievalIndex}. Texts
 * are cut to 35 tokens, as in LAVIS's retrieval evaluation.
 *
 * <p>It holds a temporary file: close it, before its matcher. Not for use by several threads at
 * once.
 */
public final class ImageTextIndex implements AutoCloseable {
  private static final String WHERE = "retrieval";
  private static final int MOST_TOKENS = 35;
  private static final int BATCH = 8; // more gains little and takes memory

  private final MatchingSession session;
  private final RetrievalIndex index;
  private final Ranks ranks;
  private final CloseGuard gate;

  /** Opens an image by its number. */
  @FunctionalInterface
  public interface Reader {
    /** The image. */
    Image read(int number) throws IOException;
  }

  private ImageTextIndex(MatchingSession session, RetrievalIndex index) {
    this(session, index, Ranks.ALONE, new CloseGuard(WHERE, "index"));
  }

  private ImageTextIndex(
      MatchingSession session, RetrievalIndex index, Ranks ranks, CloseGuard gate) {
    this.session = session;
    this.index = index;
    this.ranks = ranks;
    this.gate = gate;
  }

  static ImageTextIndex create(MatchingSession session, Path folder) throws IOException {
    return new ImageTextIndex(
        session, RetrievalIndex.create(session.qformer(), session.padId(), folder));
  }

  /**
   * An index that outlives its run; see {@link RetrievalIndex#resumable}.
   *
   * @param files begin of the names of its files
   * @param id of the work: other images or texts, or another model, have another one
   * @param journal of the numbers of texts and pairs
   */
  public static ImageTextIndex resumable(
      ImageTextMatcher matcher, Path files, String id, IndexJournal journal) throws IOException {
    MatchingSession session = required(WHERE, "matcher", matcher).session();
    return new ImageTextIndex(
        session,
        RetrievalIndex.resumable(
            session.qformer(),
            session.padId(),
            required(WHERE, "files", files),
            required(WHERE, "id", id),
            required(WHERE, "journal", journal)));
  }

  /**
   * This index as a part of one that ranks share, to be used in its place; see {@link
   * RetrievalIndex#among}. Images are added by {@link #addImages(int, Reader, IntConsumer)}, so
   * that each is encoded once.
   */
  public ImageTextIndex among(Ranks newRanks) throws IOException {
    RetrievalIndex shared = during(() -> index.among(newRanks));
    return new ImageTextIndex(session, shared, newRanks, gate);
  }

  /** Adds an image; the first has number 0. */
  public void addImage(Image image) throws IOException {
    addImages(List.of(required(WHERE, "image", image)));
  }

  /** Adds images, numbered in their order. */
  public void addImages(List<Image> images) throws IOException {
    requiredAll(WHERE, "image", images);
    for (int from = 0; from < images.size(); from += BATCH) {
      List<Image> some = images.subList(from, Math.min(from + BATCH, images.size()));
      during(
          () -> {
            try (var off = GradMode.noGrad();
                var scope = Scope.open(session.backend())) {
              index.addImages(session.encodeImages(some));
              return index;
            }
          });
    }
  }

  /**
   * Adds images that are read one by one, when their turn comes; ranks take turns.
   *
   * @param reader receives the number of an image among these, from 0 on
   * @param done receives the number of each image that has been added, in order
   */
  public void addImages(int count, Reader reader, IntConsumer done) throws IOException {
    required(WHERE, "reader", reader);
    required(WHERE, "listener", done);
    if (ranks.areAlone()) {
      for (int i = 0; i < count; i++) {
        addImage(reader.read(i));
        done.accept(i);
      }
      return;
    }
    Rounds.run(
        ranks,
        count,
        i -> encoded(reader.read(i)),
        (i, bytes) -> {
          during(
              () -> {
                index.addEncoded(bytes);
                return index;
              });
          done.accept(i);
        });
  }

  private byte[] encoded(Image image) throws IOException {
    return during(
        () -> {
          try (var off = GradMode.noGrad();
              var scope = Scope.open(session.backend())) {
            return index.encoded(session.encodeImages(List.of(image)));
          }
        });
  }

  /** Adds texts, numbered in their order; the first has number 0. */
  public void addTexts(List<String> texts) throws IOException {
    requiredAll(WHERE, "text", texts);
    during(
        () -> {
          index.addTexts(texts.stream().map(this::ids).toList());
          return index;
        });
  }

  /** The number of images so far. */
  public int images() {
    return index.images();
  }

  /** The number of texts so far. */
  public int texts() {
    return index.texts();
  }

  /**
   * Ranks all texts for every image and all images for every text; see {@link Rankings#scores}.
   *
   * @param k how many of the most similar are re-ranked by match score; LAVIS takes 128
   */
  public Rankings rank(int k) throws IOException {
    return during(() -> index.rank(k));
  }

  /**
   * Ranks as {@link #rank(int)} does; the listener receives the number of each image before its
   * texts are matched, in order.
   */
  public Rankings rank(int k, IntConsumer listener) throws IOException {
    required(WHERE, "listener", listener);
    return during(() -> index.rank(k, number -> gate.aside(() -> listener.accept(number))));
  }

  /**
   * Ranks as {@link #rank(int)} does by similarity alone, without match scores: every {@link
   * Ranking#matchLogit} is 0.
   *
   * @param k how many of the most similar are in a ranking
   */
  public Rankings rankBySimilarity(int k) throws IOException {
    return during(() -> index.rankBySimilarity(k));
  }

  /**
   * The images that a text describes, the best first.
   *
   * @param k how many of the most similar are re-ranked by match score and returned
   */
  public Ranking search(String text, int k) throws IOException {
    required(WHERE, "text", text);
    return during(() -> index.search(ids(text), k));
  }

  /** Removes the temporary file, or closes those that stay. */
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
    return session.comparedIds(WHERE, text, MOST_TOKENS);
  }

  /** A call that may fail to read or write the temporary file. */
  @FunctionalInterface
  private interface Work<T> {
    T run() throws IOException;
  }

  private <T> T during(Work<T> work) throws IOException {
    try {
      return gate.call(
          () ->
              session.during(
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
