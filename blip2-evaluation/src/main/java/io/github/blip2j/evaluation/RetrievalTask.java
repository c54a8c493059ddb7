package io.github.blip2j.evaluation;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.ImageTextIndex;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.data.RetrievalSet;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.qformer.retrieval.Rankings;
import io.github.blip2j.qformer.retrieval.RetrievalIndex;
import io.github.blip2j.text.CaptionText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
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
  private final Ranks ranks;

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

  private RetrievalTask(ImageTextMatcher matcher, int candidates, Listener listener, Ranks ranks) {
    this.matcher = matcher;
    this.candidates = candidates;
    this.listener = listener;
    this.ranks = ranks;
  }

  /** Retrieval by this model, with 128 candidates. */
  public static RetrievalTask of(ImageTextMatcher matcher) {
    return new RetrievalTask(matcher, CANDIDATES, (part, done, of) -> {}, Ranks.ALONE);
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
    return new RetrievalTask(matcher, newCandidates, listener, ranks);
  }

  /** This task with a listener for its progress. */
  public RetrievalTask onProgress(Listener newListener) {
    return new RetrievalTask(matcher, candidates, newListener, ranks);
  }

  /**
   * This task, shared by ranks that call {@link #run} together: they encode and match images in
   * turn, and all get the report, which is that of one process. The first rank's journal is read
   * and written; the others may have any in memory. Each rank's listener hears of its own images
   * while they are matched.
   */
  public RetrievalTask among(Ranks newRanks) {
    return new RetrievalTask(matcher, candidates, listener, newRanks);
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
    images.requireAll(set.images(), ranks);
    ranks.requireEqual(
        "images, texts and candidates",
        String.format(
            Locale.ROOT,
            "%d (%x), %d (%x), %d",
            set.images().size(),
            set.images().hashCode(),
            set.texts().size(),
            set.texts().hashCode(),
            candidates));
    @Nullable JsonObject done = ofFirst(journal.get(REPORT));
    if (done != null) {
      listener.done(Part.MATCHING, set.images().size(), set.images().size());
      return RetrievalReport.of(done);
    }
    RetrievalReport report = report(set, images, journal);
    return ranks.agreeIo(
        () -> {
          journal.add(REPORT, report.json());
          @Nullable Path files = journal.file();
          if (files != null) {
            RetrievalIndex.remove(files);
          }
          return report;
        });
  }

  private RetrievalReport report(RetrievalSet set, ImageFolder images, RunJournal journal)
      throws IOException {
    try (ImageTextIndex own = ranks.agreeIo(() -> index(journal))) {
      ImageTextIndex index = own.among(ranks);
      fill(index, set, images);
      int all = set.images().size();
      Rankings rankings =
          candidates == 0
              ? index.rankBySimilarity(CANDIDATES)
              : index.rank(candidates, number -> listener.done(Part.MATCHING, number, all));
      RetrievalReport report = RetrievalReport.of(rankings, set.imageOfText());
      listener.done(Part.MATCHING, all, all);
      return report;
    }
  }

  private ImageTextIndex index(RunJournal journal) throws IOException {
    @Nullable Path files = journal.file();
    return files == null || !ranks.isFirst()
        ? matcher.index()
        : ImageTextIndex.resumable(matcher, files, id(journal), new NumberJournal(journal));
  }

  /** What the first rank has, or null. */
  private @Nullable JsonObject ofFirst(@Nullable JsonObject own) {
    if (ranks.areAlone()) {
      return own;
    }
    byte[] text = (own == null ? "" : own.toString()).getBytes(StandardCharsets.UTF_8);
    byte[] first = ranks.ofFirst(text);
    return first.length == 0
        ? null
        : JsonParser.parseString(new String(first, StandardCharsets.UTF_8)).getAsJsonObject();
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
    int earlier = index.images();
    index.addImages(
        files.size() - earlier,
        i -> images.read(files.get(earlier + i)),
        i -> listener.done(Part.IMAGES, earlier + i + 1, files.size()));
    List<String> texts = set.texts().stream().map(CaptionText.lavis()::clean).toList();
    int some = TEXTS_AT_ONCE * ranks.size();
    for (int from = 0; from < texts.size(); from += some) {
      listener.done(Part.TEXTS, from, texts.size());
      index.addTexts(texts.subList(from, Math.min(from + some, texts.size())));
    }
  }
}
