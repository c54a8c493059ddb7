package io.github.blip2j.evaluation;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.data.DataException;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.evaluation.data.CaptionItem;
import io.github.blip2j.generation.GenerationConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Captions the images of a data set, as LAVIS's captioning task. Immutable.
 *
 * <pre>{@code
 * Path folder = Path.of("coco/images");
 * List<CaptionItem> items = CaptionItems.read(DataFile.parse("coco_karpathy_test.json"), folder);
 * var images = new ImageFolder(folder, blip2::read);
 * Map<String, String> captions =
 *     CaptioningTask.of(blip2).run(items, images, RunJournal.inMemory());
 * CaptionReport report = CaptionReport.of(items, List.copyOf(captions.values()));
 * }</pre>
 */
public final class CaptioningTask {
  private static final int BATCH = 8; // more gains little and takes memory
  private static final String CAPTION = "caption";

  private final Blip2 blip2;
  private final String prompt;
  private final GenerationConfig decoding;
  private final int batchSize;
  private final EvaluationListener listener;
  private final Ranks ranks;

  private CaptioningTask(
      Blip2 blip2,
      String prompt,
      GenerationConfig decoding,
      int batchSize,
      EvaluationListener listener,
      Ranks ranks) {
    this.blip2 = blip2;
    this.prompt = prompt;
    this.decoding = decoding;
    this.batchSize = batchSize;
    this.listener = listener;
    this.ranks = ranks;
  }

  /** Captions by this model, without a prompt, with its default decoding, eight images at once. */
  public static CaptioningTask of(Blip2 blip2) {
    return new CaptioningTask(
        blip2, "", blip2.captionConfig(), BATCH, (done, earlier, of) -> {}, Ranks.ALONE);
  }

  /** This task with a prompt that every caption continues, and that no caption repeats. */
  public CaptioningTask withPrompt(String newPrompt) {
    return new CaptioningTask(blip2, newPrompt, decoding, batchSize, listener, ranks);
  }

  /** This task with another decoding; of several texts the best is taken. */
  public CaptioningTask withDecoding(GenerationConfig newDecoding) {
    return new CaptioningTask(blip2, prompt, newDecoding, batchSize, listener, ranks);
  }

  /**
   * This task with another number of images at once.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public CaptioningTask withBatchSize(int newBatchSize) {
    return new CaptioningTask(
        blip2, prompt, decoding, ResumableRun.positive(newBatchSize), listener, ranks);
  }

  /** This task with a listener for its progress. */
  public CaptioningTask onProgress(EvaluationListener newListener) {
    return new CaptioningTask(blip2, prompt, decoding, batchSize, newListener, ranks);
  }

  /**
   * This task, shared by ranks that call {@link #run} together: they take the batches in turn, and
   * all get the results, which are those of one process. The first rank's journal is read and
   * written; the others may have any in memory.
   */
  public CaptioningTask among(Ranks newRanks) {
    return new CaptioningTask(blip2, prompt, decoding, batchSize, listener, newRanks);
  }

  /**
   * Captions images, except for those that the journal has.
   *
   * @return captions by image id, in the order of the items
   * @throws DataException if the items do not tell their files, or a file is missing
   */
  public Map<String, String> run(List<CaptionItem> items, ImageFolder images, RunJournal journal)
      throws IOException {
    List<String> files = ranks.agreeIo(() -> files(items));
    images.requireAll(files, ranks);
    List<JsonObject> results =
        ResumableRun.of(
            new ResumableRun.Items<>(items, CaptionItem::id, files, images),
            batchSize,
            journal,
            listener,
            ranks,
            some -> caption(some, images));
    Map<String, String> captions = new LinkedHashMap<>();
    for (int i = 0; i < items.size(); i++) {
      captions.put(items.get(i).id(), results.get(i).get(CAPTION).getAsString());
    }
    return captions;
  }

  private List<JsonObject> caption(List<CaptionItem> items, ImageFolder images) throws IOException {
    List<Prompt> prompts = new ArrayList<>();
    for (CaptionItem item : items) {
      prompts.add(Prompt.about(images.read(file(item)), prompt));
    }
    List<JsonObject> results = new ArrayList<>();
    for (List<Generated> texts : blip2.generate(prompts, decoding)) {
      var result = new JsonObject();
      result.addProperty(CAPTION, texts.get(0).text().strip());
      results.add(result);
    }
    return results;
  }

  private static List<String> files(List<CaptionItem> items) throws DataException {
    List<String> files = new ArrayList<>();
    for (CaptionItem item : items) {
      files.add(file(item));
    }
    return files;
  }

  private static String file(CaptionItem item) throws DataException {
    return ImageFolder.named("image " + item.id(), item.image());
  }
}
