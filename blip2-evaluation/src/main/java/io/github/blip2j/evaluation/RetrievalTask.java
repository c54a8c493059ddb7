package io.github.blip2j.evaluation;

import io.github.blip2j.blip2.ImageTextIndex;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.data.RetrievalSet;
import io.github.blip2j.qformer.retrieval.RetrievalScores;
import io.github.blip2j.text.CaptionText;
import java.io.IOException;
import java.util.List;

/**
 * Retrieves captions for each image and images for each caption, as LAVIS's retrieval task: by
 * similarity, and the best {@code k} again by match score. Captions are cleaned as in LAVIS, and
 * cut to 50 words and 35 tokens. Immutable.
 */
public final class RetrievalTask {
  /** LAVIS's {@code k_test}. */
  public static final int CANDIDATES = 128;

  private static final int TEXTS_AT_ONCE = 64; // between two calls of the listener

  private final ImageTextMatcher matcher;
  private final int candidates;
  private final Listener listener;

  /** The parts of the work, in their order. */
  public enum Part {
    /** Images are encoded. */
    IMAGES,
    /** Texts are encoded. */
    TEXTS,
    /** Candidates are matched, image by image. */
    MATCHING
  }

  /** Receives the progress. */
  @FunctionalInterface
  public interface Listener {
    /** Called with the number of finished images or texts of a part. */
    void done(Part part, int done, int of);
  }

  private RetrievalTask(ImageTextMatcher matcher, int candidates, Listener listener) {
    this.matcher = matcher;
    this.candidates = candidates;
    this.listener = listener;
  }

  /** Retrieval by this model, with 128 candidates. */
  public static RetrievalTask of(ImageTextMatcher matcher) {
    return new RetrievalTask(matcher, CANDIDATES, (part, done, of) -> {});
  }

  /** This task with another number of candidates that are matched. */
  public RetrievalTask withCandidates(int newCandidates) {
    return new RetrievalTask(matcher, newCandidates, listener);
  }

  /** This task with a listener for its progress. */
  public RetrievalTask onProgress(Listener newListener) {
    return new RetrievalTask(matcher, candidates, newListener);
  }

  /**
   * Recall in both directions.
   *
   * @throws io.github.blip2j.data.DataException if the file of an image is missing
   */
  public RetrievalScores run(RetrievalSet set, ImageFolder images) throws IOException {
    images.requireAll(set.images());
    try (ImageTextIndex index = matcher.index()) {
      fill(index, set, images);
      int all = set.images().size();
      RetrievalScores scores =
          index
              .rank(candidates, done -> listener.done(Part.MATCHING, done, all))
              .scores(set.imageOfText());
      listener.done(Part.MATCHING, all, all);
      return scores;
    }
  }

  private void fill(ImageTextIndex index, RetrievalSet set, ImageFolder images) throws IOException {
    List<String> files = set.images();
    for (int i = 0; i < files.size(); i++) {
      listener.done(Part.IMAGES, i, files.size());
      index.addImage(images.read(files.get(i)));
    }
    List<String> texts = set.texts().stream().map(CaptionText.lavis()::clean).toList();
    for (int from = 0; from < texts.size(); from += TEXTS_AT_ONCE) {
      listener.done(Part.TEXTS, from, texts.size());
      index.addTexts(texts.subList(from, Math.min(from + TEXTS_AT_ONCE, texts.size())));
    }
  }
}
