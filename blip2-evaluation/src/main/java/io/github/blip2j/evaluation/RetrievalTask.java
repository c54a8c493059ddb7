package io.github.blip2j.evaluation;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.ImageTextIndex;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.data.RetrievalSet;
import io.github.blip2j.qformer.retrieval.Rankings;
import io.github.blip2j.qformer.retrieval.RetrievalIndex;
import io.github.blip2j.text.CaptionText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Retrieves captions for each image and images for each caption, as LAVIS's retrieval task: by
 * similarity, and the best {@code k} again by match score. Captions are cleaned as in LAVIS, and
 * cut to 50 words and 35 tokens. Immutable.
 */
public final class RetrievalTask {
  /** LAVIS's {@code k_test}. */
  public static final int CANDIDATES = 128;

  private static final String REPORT = "report";
  private static final String INDEX = "index";
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
    /**
     * Called with the number of finished images or texts of a part, the first time with those that
     * an earlier run finished.
     */
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

  /**
   * This task with another number of candidates that are matched; with 0, items are ranked by
   * similarity alone.
   *
   * @throws IllegalArgumentException if the number is negative
   */
  public RetrievalTask withCandidates(int newCandidates) {
    if (newCandidates < 0) {
      throw new IllegalArgumentException(
          "RetrievalTask.withCandidates: number expected at least 0, got " + newCandidates);
    }
    return new RetrievalTask(matcher, newCandidates, listener);
  }

  /** This task with a listener for its progress. */
  public RetrievalTask onProgress(Listener newListener) {
    return new RetrievalTask(matcher, candidates, newListener);
  }

  /**
   * Retrieves in both directions, except for what the journal has. A journal in a file has two
   * others beside it while the work goes on, of the vision encoder's output (1.4 MiB for each image
   * of ViT-g) and of the features of images; they go away when it is done.
   *
   * @throws io.github.blip2j.data.DataException if the file of an image is missing
   */
  public RetrievalReport run(RetrievalSet set, ImageFolder images, RunJournal journal)
      throws IOException {
    images.requireAll(set.images());
    @Nullable JsonObject done = journal.get(REPORT);
    if (done != null) {
      listener.done(Part.MATCHING, set.images().size(), set.images().size());
      return RetrievalReport.of(done);
    }
    @Nullable Path files = journal.file();
    RetrievalReport report;
    try (ImageTextIndex index =
        files == null
            ? matcher.index()
            : ImageTextIndex.resumable(matcher, files, id(journal), new NumberJournal(journal))) {
      fill(index, set, images);
      int all = set.images().size();
      Rankings rankings =
          candidates == 0
              ? index.rankBySimilarity(CANDIDATES)
              : index.rank(candidates, number -> listener.done(Part.MATCHING, number, all));
      report = RetrievalReport.of(rankings, set.imageOfText());
      listener.done(Part.MATCHING, all, all);
    }
    journal.add(REPORT, report.json());
    if (files != null) {
      RetrievalIndex.remove(files);
    }
    return report;
  }

  /** An id that the files beside a journal share with it, so that others are not taken for them. */
  private static String id(RunJournal journal) throws IOException {
    @Nullable JsonObject kept = journal.get(INDEX);
    if (kept == null) {
      kept = new JsonObject();
      kept.addProperty("run", UUID.randomUUID().toString());
      journal.add(INDEX, kept);
    }
    return kept.get("run").getAsString();
  }

  private void fill(ImageTextIndex index, RetrievalSet set, ImageFolder images) throws IOException {
    List<String> files = set.images();
    listener.done(Part.IMAGES, index.images(), files.size());
    for (int i = index.images(); i < files.size(); i++) {
      index.addImage(images.read(files.get(i)));
      listener.done(Part.IMAGES, i + 1, files.size());
    }
    List<String> texts = set.texts().stream().map(CaptionText.lavis()::clean).toList();
    for (int from = 0; from < texts.size(); from += TEXTS_AT_ONCE) {
      listener.done(Part.TEXTS, from, texts.size());
      index.addTexts(texts.subList(from, Math.min(from + TEXTS_AT_ONCE, texts.size())));
    }
  }
}
