package io.github.blip2j.blip2.captions;

import io.github.blip2j.backend.MemoryShortageException;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

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

  private CaptionExport(
      Blip2 blip2,
      String prompt,
      GenerationConfig decoding,
      int batch,
      boolean anew,
      boolean echo,
      Reader reader,
      Listener listener) {
    this.blip2 = blip2;
    this.prompt = prompt;
    this.decoding = decoding;
    this.batch = batch;
    this.anew = anew;
    this.echo = echo;
    this.reader = reader;
    this.listener = listener;
  }

  /** Captions by this model, without a prompt, with its default decoding, eight images at once. */
  public static CaptionExport of(Blip2 blip2) {
    return new CaptionExport(
        blip2, "", blip2.captionConfig(), BATCH, false, false, blip2::read, new Listener() {});
  }

  /** This export with a prompt that every caption continues. */
  public CaptionExport withPrompt(String newPrompt) {
    return new CaptionExport(blip2, newPrompt, decoding, batch, anew, echo, reader, listener);
  }

  /** This export with another decoding; if it returns several texts, all are written. */
  public CaptionExport withDecoding(GenerationConfig newDecoding) {
    return new CaptionExport(blip2, prompt, newDecoding, batch, anew, echo, reader, listener);
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
    return new CaptionExport(blip2, prompt, decoding, newBatch, anew, echo, reader, listener);
  }

  /** This export with the prompt written before each text. */
  public CaptionExport withPromptInText() {
    return new CaptionExport(blip2, prompt, decoding, batch, anew, true, reader, listener);
  }

  /** This export, replacing earlier captions of the same images. */
  public CaptionExport startingAnew() {
    return new CaptionExport(blip2, prompt, decoding, batch, true, echo, reader, listener);
  }

  /** This export with another way to open images than the model's. */
  public CaptionExport reading(Reader newReader) {
    return new CaptionExport(blip2, prompt, decoding, batch, anew, echo, newReader, listener);
  }

  /** This export with a listener for its progress. */
  public CaptionExport onProgress(Listener newListener) {
    return new CaptionExport(blip2, prompt, decoding, batch, anew, echo, reader, newListener);
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
    try (var target = RecordFile.open(file, new JsonLines(decoding.numReturnSequences()), anew)) {
      return write(images, target);
    }
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
    try (var target = RecordFile.open(file, new CsvRows(decoding.numReturnSequences()), anew)) {
      return write(images, target);
    }
  }

  /**
   * Writes a file beside each image, with the image's name and the ending {@code .txt}: a line for
   * each text.
   *
   * @throws IllegalArgumentException if two images differ in their endings only
   * @throws IOException if a file can't be written
   */
  public Outcome toTextFiles(List<Path> images) throws IOException {
    try (var target = new TextFiles(images, anew)) {
      return write(images, target);
    }
  }

  private Outcome write(List<Path> images, CaptionTarget target) throws IOException {
    Set<Path> all = new LinkedHashSet<>(images);
    List<Path> open = new ArrayList<>();
    for (Path image : all) {
      if (!target.has(image)) {
        open.add(image);
      }
    }
    int earlier = all.size() - open.size();
    int failed = 0;
    for (int from = 0; from < open.size(); from += batch) {
      List<Path> some = open.subList(from, Math.min(from + batch, open.size()));
      failed += writeBatch(some, target);
      listener.done(earlier + from + some.size(), all.size());
    }
    return new Outcome(open.size() - failed, earlier, failed);
  }

  /** Captions a batch; returns the number of images without a caption. */
  private int writeBatch(List<Path> images, CaptionTarget target) throws IOException {
    List<Path> names = new ArrayList<>();
    List<Image> read = new ArrayList<>();
    for (Path image : images) {
      try {
        read.add(reader.read(image));
        names.add(image);
      } catch (IOException | OutOfMemoryError e) {
        listener.failed(image, e);
      }
    }
    int failed = images.size() - names.size();
    if (names.isEmpty()) {
      return failed;
    }
    List<List<Generated>> texts;
    try {
      List<Prompt> prompts = read.stream().map(image -> Prompt.about(image, prompt)).toList();
      texts = blip2.generate(prompts, decoding);
    } catch (MemoryShortageException | OutOfMemoryError e) {
      if (images.size() == 1) {
        listener.failed(images.get(0), e);
        return 1;
      }
      read.clear(); // frees memory, before images are tried one by one
      for (Path image : names) {
        failed += writeBatch(List.of(image), target);
      }
      return failed;
    }
    for (int i = 0; i < names.size(); i++) {
      target.add(names.get(i), told(texts.get(i)));
    }
    target.flush();
    return failed;
  }

  private List<Generated> told(List<Generated> texts) {
    return echo ? texts.stream().map(text -> text.withText(text.textWithPrompt())).toList() : texts;
  }
}
