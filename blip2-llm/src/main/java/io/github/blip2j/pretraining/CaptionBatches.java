package io.github.blip2j.pretraining;

import io.github.blip2j.data.CaptionRecord;
import io.github.blip2j.data.DataException;
import io.github.blip2j.data.EpochOrder;
import io.github.blip2j.pretraining.features.PatchFile;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.CaptionText;
import io.github.blip2j.training.BatchSource;
import io.github.blip2j.training.StepRandom;
import io.github.blip2j.vision.image.Augmentation;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import io.github.blip2j.vision.image.UnreadableImageException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Batches of images and captions. Each epoch has an order of its own. Records at its end that do
 * not fill a batch are left out of the epoch.
 *
 * <p>All random choices (the order, one of several captions, the crop of an image) depend only on
 * the seed, the epoch and the record, so any batch can be made again. Images are read one at a
 * time, when their batch is requested.
 *
 * <p>If damaged images are skipped, the next record in the epoch's order replaces the record of
 * one. The size and the number of batches stay the same.
 *
 * <p>{@link #withDialogues} makes batches for a language model: a record's own input and output
 * replace its caption, and records without text are refused.
 */
public final class CaptionBatches implements BatchSource<CaptionBatch> {
  private final CaptionSet set;
  private final int batchSize;
  private final long seed;
  private final Preparation preparation;
  private final boolean identified;
  private final Set<String> damaged = Collections.synchronizedSet(new TreeSet<>());

  /**
   * The preparation of images and texts.
   *
   * @param dialogues whether a record's own input and output replace its captions
   * @param questions how its question and answers do, or null for records without them
   * @param stored what the vision encoder sees of the images, or null to read them
   */
  private record Preparation(
      ImageProcessor processor,
      CaptionText text,
      @Nullable Augmentation augmentation,
      boolean dialogues,
      @Nullable QuestionTexts questions,
      @Nullable PatchFile stored) {
    Preparation with(ImageProcessor newProcessor, Augmentation newAugmentation) {
      return new Preparation(newProcessor, text, newAugmentation, dialogues, questions, null);
    }

    Preparation with(CaptionText newText) {
      return new Preparation(processor, newText, augmentation, dialogues, questions, stored);
    }

    Preparation with(@Nullable QuestionTexts newQuestions) {
      return new Preparation(processor, text, augmentation, true, newQuestions, stored);
    }

    Preparation with(PatchFile newStored) {
      return new Preparation(processor, text, null, dialogues, questions, newStored);
    }
  }

  private CaptionBatches(CaptionSet set, int batchSize, long seed, Preparation preparation) {
    this.set = set;
    this.batchSize = batchSize;
    this.seed = seed;
    this.preparation = preparation;
    this.identified = set.hasImageIds();
    if (batchSize < 1 || batchSize > set.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "captions: batch size expected 1 to %d, which is how many there are, got %d",
              set.size(),
              batchSize));
    }
  }

  /** Whole images, captions cleaned as LAVIS does. */
  public static CaptionBatches of(
      CaptionSet set, ImageProcessor processor, int batchSize, long seed) {
    return new CaptionBatches(
        set,
        batchSize,
        seed,
        new Preparation(processor, CaptionText.lavis(), null, false, null, null));
  }

  private CaptionBatches with(Preparation newPreparation) {
    return new CaptionBatches(set, batchSize, seed, newPreparation);
  }

  /** With random augmentation of the images. */
  public CaptionBatches with(Augmentation augmentation) {
    var stretching = new ImageProcessor(preparation.processor.config().withoutCrop());
    return with(preparation.with(stretching, augmentation));
  }

  /**
   * With the stored output of the vision encoder in place of images. One of several views is drawn
   * for each record and epoch.
   *
   * @param patches stays open as long as batches are read
   * @throws DataException if an image is not in the file, or has changed
   */
  public CaptionBatches with(PatchFile patches) throws IOException {
    for (Map.Entry<String, Path> image : set.images().entrySet()) {
      patches.require(image.getKey(), image.getValue());
    }
    return with(preparation.with(patches));
  }

  /** With captions cleaned in another way, or behind a prompt. */
  public CaptionBatches with(CaptionText text) {
    return with(preparation.with(text));
  }

  /**
   * With each record's input and output in place of its captions, if it has them. Only spaces at
   * their ends are removed.
   *
   * @throws DataException naming a record whose target is empty
   */
  public CaptionBatches withDialogues() throws DataException {
    var changed = with(preparation.with((QuestionTexts) null));
    changed.requireWords();
    return changed;
  }

  /**
   * With each record's question and one of its answers as input and output. Other records are as
   * {@linkplain #withDialogues dialogues}.
   *
   * @throws DataException naming a record whose question or target is empty
   */
  public CaptionBatches withQuestions(QuestionTexts questions) throws DataException {
    var changed = with(preparation.with(questions));
    changed.requireWords();
    return changed;
  }

  /**
   * Checks that no text is empty after cleaning. An empty text would be trained on too.
   *
   * @throws DataException naming a record whose target is empty
   */
  public void requireWords() throws DataException {
    for (int i = 0; i < set.size(); i++) {
      requireWords(set.get(i));
    }
  }

  private void requireWords(CaptionRecord each) throws DataException {
    CaptionRecord.@Nullable Question asked = each.question();
    if (asked != null && preparation.questions == null && each.captions().equals(asked.answers())) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "captions: caption expected about %s, got a question; train on questions with"
                  + " withQuestions, train vqa",
              each.image()));
    }
    @Nullable QuestionTexts questions = preparation.questions;
    var own = preparation.dialogues ? each.dialogue() : null;
    if (questions != null && asked == null && own == null) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "captions: question and answer expected about %s, got a caption; train on captions with"
                  + " withDialogues, train caption",
              each.image()));
    }
    boolean empty;
    if (asked != null && questions != null) {
      empty = asked.answers().stream().anyMatch(String::isBlank) || isEmpty(questions, asked);
    } else if (own != null) {
      empty = own.output().isBlank();
    } else {
      empty =
          each.captions().stream()
              .anyMatch(caption -> preparation.text.cleanWords(caption).isEmpty());
    }
    if (empty) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "captions: text expected about %s, got none; leave the record out",
              each.image()));
    }
  }

  private static boolean isEmpty(QuestionTexts questions, CaptionRecord.Question asked) {
    try {
      return questions.input(asked).isBlank();
    } catch (IllegalArgumentException e) { // a question of marks alone
      return true;
    }
  }

  /** Records with inputs of their own. */
  List<CaptionRecord> asked() {
    return IntStream.range(0, preparation.dialogues ? set.size() : 0)
        .mapToObj(set::get)
        .filter(each -> !input(each).isEmpty())
        .toList();
  }

  /** The input before a record's output; empty if it has none. */
  String input(CaptionRecord each) {
    var asked = each.question();
    @Nullable QuestionTexts questions = preparation.questions;
    if (asked != null && questions != null) {
      return questions.input(asked);
    }
    var own = each.dialogue();
    return own == null ? "" : own.input().strip();
  }

  /** Paths of the images that could not be read so far. */
  public List<String> damaged() {
    synchronized (damaged) {
      return List.copyOf(damaged);
    }
  }

  @Override
  public OptionalLong batchesPerEpoch() {
    return OptionalLong.of(batches());
  }

  @Override
  public Map<String, Long> sizes() {
    return Map.of("batch_size", (long) batchSize, "records", (long) set.size());
  }

  private long batches() {
    return set.size() / batchSize;
  }

  @Override
  public Stream<CaptionBatch> open(int epoch, long first) {
    int[] order = EpochOrder.of(set.size(), seed, epoch);
    return LongStream.range(first, batches()).mapToObj(batch -> batch(order, epoch, batch));
  }

  private CaptionBatch batch(int[] order, int epoch, long number) {
    List<Tensor> pixels = new ArrayList<>();
    List<String> captions = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    List<String> imageIds = new ArrayList<>();
    List<String> inputs = new ArrayList<>();
    int begin = Math.toIntExact(number * batchSize);
    for (int i = begin; i < begin + batchSize; i++) {
      Sample sample = sample(order, epoch, i);
      pixels.add(sample.pixels);
      captions.add(sample.caption);
      ids.add(sample.of.image());
      inputs.add(sample.input);
      if (identified) {
        imageIds.add(String.valueOf(sample.of.imageId()));
      }
    }
    return new CaptionBatch(
        Tensor.concat(0, pixels),
        captions,
        ids,
        imageIds,
        preparation.dialogues ? inputs : List.of());
  }

  /** A record after its random choices; pixels are [1, 3, H, W]. */
  private record Sample(CaptionRecord of, Tensor pixels, String input, String caption) {}

  /** The record at a place of the order, or the next one with a readable image. */
  private Sample sample(int[] order, int epoch, int place) {
    try {
      for (int tries = 0; tries < order.length; tries++) {
        int index = order[(place + tries) % order.length];
        CaptionRecord candidate = set.get(index);
        try {
          return sample(candidate, StepRandom.ofSample(seed, epoch, index));
        } catch (UnreadableImageException e) {
          if (!set.skips()) {
            throw e;
          }
          damaged.add(candidate.image());
        }
      }
      throw new DataException(
          String.format(
              Locale.ROOT,
              "captions: readable images expected, got %d damaged ones",
              damaged.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // the stream's reader unwraps it
    }
  }

  private Sample sample(CaptionRecord each, RandomGenerator random) throws IOException {
    String caption = each.captions().get(random.nextInt(each.captions().size()));
    Tensor pixels = pixels(each, random);
    var asked = each.question();
    @Nullable QuestionTexts questions = preparation.questions;
    if (asked != null && questions != null) {
      return new Sample(each, pixels, input(each), questions.output(asked, random).strip());
    }
    var own = preparation.dialogues ? each.dialogue() : null;
    return own == null
        ? new Sample(each, pixels, "", preparation.text.clean(caption))
        : new Sample(each, pixels, input(each), own.output().strip());
  }

  /** The image, [1, 3, H, W], or what the vision encoder sees of it, [1, N, E]. */
  private Tensor pixels(CaptionRecord each, RandomGenerator random) throws IOException {
    @Nullable PatchFile stored = preparation.stored;
    if (stored != null) {
      int view = stored.views() == 1 ? 0 : random.nextInt(stored.views());
      return stored.read(each.image(), view);
    }
    ImageProcessor processor = preparation.processor;
    @Nullable Augmentation augmentation = preparation.augmentation;
    Image image = processor.read(set.file(each));
    Image seen = augmentation == null ? image : augmentation.apply(image, processor.size(), random);
    return processor.tensor(List.of(seen));
  }
}
