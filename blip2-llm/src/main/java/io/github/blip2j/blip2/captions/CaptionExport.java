package io.github.blip2j.blip2.captions;

import io.github.blip2j.backend.MemoryShortageException;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.distributed.Rounds;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Captions any number of images, into one file or into a text file beside each image. A stopped run
 * is resumed by the same call, which skips images with captions. An image that fails is reported
 * and skipped. Immutable.
 *
 * <pre>{@code
 * List<Path> images = ImageFiles.in(Path.of("photos"));
 * CaptionExport.of(blip2).withPrompt("a photo of").toCsv(images, Path.of("captions.csv"));
 * }</pre>
 */
public final class CaptionExport {
  private static final int BATCH = 8; // more gains little and takes memory

  /** Opens an image. */
  @FunctionalInterface
  public interface Reader {
    /** The image in {@code file}. */
    Image read(Path file) throws IOException;
  }

  /** Receives the progress of an export. */
  public interface Listener {
    /**
     * Called with the number of finished images, those of earlier runs included, out of {@code of}.
     */
    default void done(int images, int of) {}

    /** Called when an image has no caption, with the reason. */
    default void failed(Path image, Throwable why) {}
  }

  /**
   * The outcome of an export, in numbers of images.
   *
   * @param written captioned by this run
   * @param earlier captioned before this run
   * @param failed without a caption
   */
  public record Outcome(int written, int earlier, int failed) {}

  private final Blip2 blip2;
  private final String prompt;
  private final GenerationConfig decoding;
  private final int batch;
  private final boolean anew;
  private final boolean echo;
  private final Reader reader;
  private final Listener listener;
  private final Ranks ranks;

  private CaptionExport(
      Blip2 blip2,
      String prompt,
      GenerationConfig decoding,
      int batch,
      boolean anew,
      boolean echo,
      Reader reader,
      Listener listener,
      Ranks ranks) {
    this.blip2 = blip2;
    this.prompt = prompt;
    this.decoding = decoding;
    this.batch = batch;
    this.anew = anew;
    this.echo = echo;
    this.reader = reader;
    this.listener = listener;
    this.ranks = ranks;
  }

  /** Captions by this model, without a prompt, with its default decoding, eight images at once. */
  public static CaptionExport of(Blip2 blip2) {
    return new CaptionExport(
        blip2,
        "",
        blip2.captionConfig(),
        BATCH,
        false,
        false,
        blip2::read,
        new Listener() {},
        Ranks.ALONE);
  }

  /** This export with a prompt that every caption continues. */
  public CaptionExport withPrompt(String newPrompt) {
    return new CaptionExport(
        blip2, newPrompt, decoding, batch, anew, echo, reader, listener, ranks);
  }

  /** This export with another decoding; if it returns several texts, all are written. */
  public CaptionExport withDecoding(GenerationConfig newDecoding) {
    return new CaptionExport(
        blip2, prompt, newDecoding, batch, anew, echo, reader, listener, ranks);
  }

  /**
   * This export with another batch size.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public CaptionExport withBatchSize(int newBatch) {
    if (newBatch < 1) {
      throw new IllegalArgumentException("caption: batch size expected 1 or more, got " + newBatch);
    }
    return new CaptionExport(
        blip2, prompt, decoding, newBatch, anew, echo, reader, listener, ranks);
  }

  /** This export with the prompt written before each text. */
  public CaptionExport withPromptInText() {
    return new CaptionExport(blip2, prompt, decoding, batch, anew, true, reader, listener, ranks);
  }

  /** This export, replacing earlier captions of the same images. */
  public CaptionExport startingAnew() {
    return new CaptionExport(blip2, prompt, decoding, batch, true, echo, reader, listener, ranks);
  }

  /** This export with another way to open images than the model's. */
  public CaptionExport reading(Reader newReader) {
    return new CaptionExport(
        blip2, prompt, decoding, batch, anew, echo, newReader, listener, ranks);
  }

  /** This export with a listener for its progress. */
  public CaptionExport onProgress(Listener newListener) {
    return new CaptionExport(
        blip2, prompt, decoding, batch, anew, echo, reader, newListener, ranks);
  }

  /**
   * This export, shared by ranks that call it together: they take the batches in turn, and the
   * first writes what one process would write. Each rank has the same images; the first decides
   * which of them have captions.
   */
  public CaptionExport among(Ranks newRanks) {
    return new CaptionExport(
        blip2, prompt, decoding, batch, anew, echo, reader, listener, newRanks);
  }

  /**
   * Writes a line of JSON for each image: {@code {"image": "a.jpg", "caption": "two cats", "score":
   * -0.4}}; several texts are lists {@code "captions"} and {@code "scores"}. With a single text,
   * the file can be used for training.
   *
   * @param file created, or continued if it exists; images are named as by {@link PathName}
   * @throws IOException if the file holds anything else or another number of texts for each image,
   *     another run is writing it, or it can't be written
   */
  public Outcome toJsonLines(List<Path> images, Path file) throws IOException {
    return write(
        images, () -> RecordFile.open(file, new JsonLines(decoding.numReturnSequences()), anew));
  }

  /**
   * Writes a row of comma-separated values for each image (RFC 4180): {@code image,caption,score},
   * and two more columns for each further text.
   *
   * @param file created, or continued if it exists; images are named as by {@link PathName}
   * @throws IOException if the file holds anything else or another number of texts for each image,
   *     another run is writing it, or it can't be written
   */
  public Outcome toCsv(List<Path> images, Path file) throws IOException {
    return write(
        images, () -> RecordFile.open(file, new CsvRows(decoding.numReturnSequences()), anew));
  }

  /**
   * Writes a file beside each image, with the image's name and the ending {@code .txt}: a line for
   * each text.
   *
   * @throws IllegalArgumentException if two images differ in their endings only
   * @throws IOException if a file can't be written
   */
  public Outcome toTextFiles(List<Path> images) throws IOException {
    return write(images, () -> new TextFiles(images, anew));
  }

  private Outcome write(List<Path> images, Ranks.IoAction<CaptionTarget> opening)
      throws IOException {
    Set<Path> all = new LinkedHashSet<>(images);
    ranks.requireEqual("images and settings", fingerprint(List.copyOf(all)));
    try (CaptionTarget target =
        ranks.agreeIo(() -> ranks.isFirst() ? opening.run() : new NoCaptions())) {
      List<Path> open = open(List.copyOf(all), target);
      List<List<Path>> batches = new ArrayList<>();
      for (int from = 0; from < open.size(); from += batch) {
        batches.add(open.subList(from, Math.min(from + batch, open.size())));
      }
      int earlier = all.size() - open.size();
      int[] counts = {0, 0}; // images with and without a caption
      run(
          batches,
          (number, found) -> {
            found.write(batches.get(number), target, listener);
            counts[0] += found.captioned();
            counts[1] += found.failed();
            listener.done(earlier + counts[0] + counts[1], all.size());
          });
      return new Outcome(counts[0], earlier, counts[1]);
    }
  }

  /** Takes the captions of a batch. */
  @FunctionalInterface
  private interface Taker {
    void take(int number, CaptionedBatch found) throws IOException;
  }

  private void run(List<List<Path>> batches, Taker taker) throws IOException {
    if (ranks.areAlone()) {
      for (int i = 0; i < batches.size(); i++) {
        taker.take(i, captioned(batches.get(i)));
      }
      return;
    }
    Rounds.run(
        ranks,
        batches.size(),
        number -> captioned(batches.get(number)).bytes(),
        (number, bytes) -> taker.take(number, CaptionedBatch.of(bytes)));
  }

  private String fingerprint(List<Path> images) {
    return String.format(
        Locale.ROOT,
        "%d images (%x), prompt '%s', %s, batch size %d",
        images.size(),
        images.hashCode(),
        prompt,
        decoding,
        batch);
  }

  /** The images without captions, as the first rank finds them. */
  private List<Path> open(List<Path> images, CaptionTarget target) throws IOException {
    byte[] there =
        ranks.agreeIo(
            () -> {
              byte[] found = new byte[images.size()];
              for (int i = 0; i < found.length; i++) {
                found[i] = (byte) (target.has(images.get(i)) ? 1 : 0);
              }
              return found;
            });
    byte[] first = ranks.ofFirst(there);
    return IntStream.range(0, images.size())
        .filter(i -> first[i] == 0)
        .mapToObj(images::get)
        .toList();
  }

  private CaptionedBatch captioned(List<Path> images) {
    var found = new CaptionedBatch();
    List<Integer> numbers = new ArrayList<>();
    List<Image> read = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      try {
        read.add(reader.read(images.get(i)));
        numbers.add(i);
      } catch (IOException | OutOfMemoryError e) {
        found.fail(i, e);
      }
    }
    if (numbers.isEmpty()) {
      return found;
    }
    List<List<Generated>> texts;
    try {
      List<Prompt> prompts = read.stream().map(image -> Prompt.about(image, prompt)).toList();
      texts = blip2.generate(prompts, decoding);
    } catch (MemoryShortageException | OutOfMemoryError e) {
      if (images.size() == 1) {
        found.fail(0, e);
        return found;
      }
      read.clear(); // frees memory, before images are tried one by one
      numbers.forEach(i -> found.add(i, captioned(List.of(images.get(i)))));
      return found;
    }
    for (int i = 0; i < numbers.size(); i++) {
      found.add(numbers.get(i), told(texts.get(i)));
    }
    return found;
  }

  private List<Generated> told(List<Generated> texts) {
    return echo ? texts.stream().map(text -> text.withText(text.textWithPrompt())).toList() : texts;
  }
}
