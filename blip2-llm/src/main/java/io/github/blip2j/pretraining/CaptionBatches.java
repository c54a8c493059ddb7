package io.github.blip2j.pretraining;

import io.github.blip2j.data.CaptionRecord;
import io.github.blip2j.data.DataException;
import io.github.blip2j.data.loading.Mixture;
import io.github.blip2j.data.loading.Prefetch;
import io.github.blip2j.data.loading.SampleQueue;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.pretraining.features.PatchFile;
import io.github.blip2j.pretraining.source.CaptionSource;
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
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Batches of images and captions. Each epoch has an order of its own. Records at its end that do
 * not fill a batch are left out of the epoch.
 *
 * <p>All random choices (the order, one of several captions, the crop of an image) depend only on
 * the seed, the epoch and the record, so any batch can be made again. Images are read when their
 * batch is requested, or {@linkplain #withPrefetch ahead on other threads}, to the same bits.
 *
 * <p>If damaged images are skipped, the next record in the epoch's order replaces the record of
 * one. The size and the number of batches stay the same. So it is with samples of shards whose text
 * is damaged.
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
  private final Prefetch prefetch;
  private final Ranks ranks;
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

  private CaptionBatches(
      CaptionSet set,
      int batchSize,
      long seed,
      Preparation preparation,
      Prefetch prefetch,
      Ranks ranks) {
    this.set = set;
    this.prefetch = prefetch;
    this.ranks = ranks;
    ranks.share("captions: batch size", batchSize);
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
        new Preparation(processor, CaptionText.lavis(), null, false, null, null),
        Prefetch.NONE,
        Ranks.ALONE);
  }

  private CaptionBatches with(Preparation newPreparation) {
    return new CaptionBatches(set, batchSize, seed, newPreparation, prefetch, ranks);
  }

  /**
   * This rank's share of each batch: no other images are read. Together the ranks have the batches
   * of one process.
   *
   * @throws IllegalArgumentException if the batch size is no multiple of the number of ranks
   */
  public CaptionBatches among(Ranks newRanks) {
    return new CaptionBatches(set, batchSize, seed, preparation, prefetch, newRanks);
  }

  /**
   * With images that are read and augmented ahead. This bounds the memory: there are at most so
   * many batches of images in 8 bits, of three bytes a pixel, and on each thread one that is
   * decoded.
   *
   * @param threads 0 to read on the trainer's thread, when a batch is requested
   * @param batches at least 1, unless there are no threads
   * @throws IllegalArgumentException if a number is too small or too large
   */
  public CaptionBatches withPrefetch(int threads, int batches) {
    int ahead = (int) Math.min(Integer.MAX_VALUE, (long) batchSize * batches);
    return new CaptionBatches(
        set, batchSize, seed, preparation, new Prefetch(threads, ahead), ranks);
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
    patches.require(set.images());
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
    for (CaptionRecord each : set.listed()) {
      requireWords(each);
    }
  }

  private void requireWords(CaptionRecord each) throws DataException {
    requireKind(each);
    if (isEmpty(each)) {
      throw wrong(each, "text expected about %s, got none; leave the record out");
    }
  }

  /** Checks that a record is of what is trained on, captions or questions. */
  private void requireKind(CaptionRecord each) throws DataException {
    CaptionRecord.@Nullable Question asked = each.question();
    if (dialogue(each) != null) {
      return;
    }
    if (preparation.questions != null && asked == null) {
      throw wrong(
          each,
          "question and answer expected about %s, got a caption; train on captions with"
              + " withDialogues, train caption");
    }
    if (preparation.questions == null && asked != null && each.captions().equals(asked.answers())) {
      throw wrong(
          each,
          "caption expected about %s, got a question; train on questions with withQuestions, train"
              + " vqa");
    }
  }

  private static DataException wrong(CaptionRecord each, String message) {
    return new DataException(String.format(Locale.ROOT, "captions: " + message, each.image()));
  }

  private boolean isEmpty(CaptionRecord each) {
    CaptionRecord.@Nullable Question asked = each.question();
    @Nullable QuestionTexts questions = preparation.questions;
    if (asked != null && questions != null) {
      return asked.answers().stream().anyMatch(String::isBlank) || isEmpty(questions, asked);
    }
    CaptionRecord.@Nullable Dialogue own = dialogue(each);
    return own != null
        ? own.output().isBlank()
        : each.captions().stream()
            .anyMatch(caption -> preparation.text.cleanWords(caption).isEmpty());
  }

  /** The input and output of a record, if they are trained on. */
  private CaptionRecord.@Nullable Dialogue dialogue(CaptionRecord each) {
    return preparation.dialogues ? each.dialogue() : null;
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
    return (preparation.dialogues ? set.listed() : List.<CaptionRecord>of())
        .stream().filter(each -> !input(each).isEmpty()).toList();
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
    Map<String, Long> sizes = new TreeMap<>(set.sizes());
    sizes.put("batch_size", (long) batchSize);
    return sizes;
  }

  @Override
  public String fingerprint() {
    var sum = new CRC32();
    set.listed().forEach(each -> sum.update(each.toString().getBytes(StandardCharsets.UTF_8)));
    return String.format(Locale.ROOT, "%s with the sum %08x", sizes(), sum.getValue());
  }

  private long batches() {
    return set.size() / batchSize;
  }

  @Override
  public Stream<CaptionBatch> open(int epoch, long first) {
    Mixture.Epoch order = set.epoch(seed, epoch);
    int share = ranks.share("captions: batch size", batchSize);
    int begin = Math.toIntExact(Math.min(first, batches()) * share);
    int end = Math.toIntExact(batches() * share);
    var samples =
        new SampleQueue<>(
            own -> sample(order, own / share * batchSize + ranks.rank() * share + own % share),
            prefetch,
            begin,
            end);
    return LongStream.range(first, batches())
        .mapToObj(number -> batch(samples, Math.toIntExact(number * share), share))
        .onClose(samples::close);
  }

  private CaptionBatch batch(SampleQueue<Sample> samples, int begin, int size) {
    List<Seen> seen = new ArrayList<>();
    List<String> captions = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    List<String> imageIds = new ArrayList<>();
    List<String> inputs = new ArrayList<>();
    try {
      for (int i = begin; i < begin + size; i++) {
        Sample sample = samples.next(i);
        seen.add(sample.seen);
        captions.add(sample.caption);
        ids.add(sample.id);
        imageIds.add(sample.imageId);
        inputs.add(sample.input);
        damaged.addAll(sample.skipped);
      }
      return new CaptionBatch(
          pixels(seen),
          captions,
          ids,
          identified ? imageIds : List.of(),
          preparation.dialogues ? inputs : List.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e); // the stream's reader unwraps it
    }
  }

  /**
   * A record after its random choices.
   *
   * @param seen of its image
   * @param skipped the damaged ones that it replaces
   */
  private record Sample(
      String id, String imageId, Seen seen, String input, String caption, List<String> skipped) {}

  /**
   * An image of the size of the model's input, or none and one of several stored views.
   *
   * @param name under which views are stored
   */
  private record Seen(@Nullable Image image, String name, int view) {}

  /** The record at a place of the order, or the next one that is readable. */
  private Sample sample(Mixture.Epoch order, int place) throws IOException {
    List<String> skipped = new ArrayList<>();
    for (int tries = 0; tries < set.size(); tries++) {
      Mixture.Sample at = order.at((int) ((place + (long) tries) % set.size()));
      try {
        return sample(at, skipped);
      } catch (UnreadableImageException | DataException e) {
        if (!set.skips()) {
          throw e;
        }
        skipped.add(set.name(at));
      }
    }
    damaged.addAll(skipped);
    throw new DataException(
        String.format(
            Locale.ROOT,
            "captions: readable images expected, got %d damaged ones",
            new TreeSet<>(skipped).size()));
  }

  private Sample sample(Mixture.Sample at, List<String> skipped) throws IOException {
    CaptionSource.Opened opened = set.open(at);
    CaptionRecord each = opened.record();
    if (!set.isListed(at)) {
      requireWords(each);
    }
    RandomGenerator random = StepRandom.ofSample(at.seed(), at.epoch(), at.index());
    String caption = each.captions().get(random.nextInt(each.captions().size()));
    Seen seen = seen(opened, set.name(at), random);
    var asked = each.question();
    @Nullable QuestionTexts questions = preparation.questions;
    CaptionRecord.@Nullable Dialogue own = dialogue(each);
    boolean asks = asked != null && questions != null;
    String output;
    if (asked != null && questions != null) {
      output = questions.output(asked, random).strip();
    } else {
      output = own == null ? preparation.text.clean(caption) : own.output().strip();
    }
    return new Sample(
        each.image(),
        set.imageId(at, each),
        seen,
        asks || own != null ? input(each) : "",
        output,
        skipped);
  }

  /** The image at the size of the model's input, or which view of it is stored. */
  private Seen seen(CaptionSource.Opened opened, String name, RandomGenerator random)
      throws IOException {
    @Nullable PatchFile stored = preparation.stored;
    if (stored != null) {
      return new Seen(null, name, stored.views() == 1 ? 0 : random.nextInt(stored.views()));
    }
    ImageProcessor processor = preparation.processor;
    @Nullable Augmentation augmentation = preparation.augmentation;
    Image image = opened.image(processor);
    Image seen = augmentation == null ? image : augmentation.apply(image, processor.size(), random);
    return new Seen(processor.fit(seen), name, 0);
  }

  /** Pixels [B, 3, H, W], or what the vision encoder sees of them, [B, N, E]. */
  private Tensor pixels(List<Seen> seen) throws IOException {
    @Nullable PatchFile stored = preparation.stored;
    if (stored == null) {
      return preparation.processor.normalize(
          seen.stream().map(each -> Objects.requireNonNull(each.image)).toList());
    }
    List<Tensor> parts = new ArrayList<>();
    for (Seen each : seen) {
      parts.add(stored.read(each.name, each.view));
    }
    return Tensor.concat(0, parts);
  }
}
