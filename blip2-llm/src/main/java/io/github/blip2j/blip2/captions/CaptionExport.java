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
 * Captions of any number of pictures, to one file or to a text file beside each. What is written
 * stays: a run that was stopped is gone on with by the same call, which passes over the pictures
 * that have their captions. A picture that fails is told of and passed over. Immutable.
 *
 * <pre>{@code
 * List<Path> pictures = ImageFiles.in(Path.of("photos"));
 * CaptionExport.of(blip2).withPrompt("a photo of").toCsv(pictures, Path.of("captions.csv"));
 * }</pre>
 */
public final class CaptionExport {
  private static final int BATCH = 8; // more gains little and takes memory

  /** Opens a picture. */
  @FunctionalInterface
  public interface Reader {
    /** The picture in {@code file}. */
    Image read(Path file) throws IOException;
  }

  /** Hears how far an export is. */
  public interface Listener {
    /** So many pictures of all are done, those of earlier runs included. */
    default void done(int pictures, int of) {}

    /** A picture has no caption, for this reason. */
    default void failed(Path picture, Throwable why) {}
  }

  /**
   * What an export did, in numbers of pictures.
   *
   * @param written captioned by this run
   * @param earlier captioned before it
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

  /** Captions by this model, without a prompt, decoded as it usually does, eight at once. */
  public static CaptionExport of(Blip2 blip2) {
    return new CaptionExport(
        blip2, "", blip2.captionConfig(), BATCH, false, false, blip2::read, new Listener() {});
  }

  /** This export with words that every caption begins with. */
  public CaptionExport withPrompt(String newPrompt) {
    return new CaptionExport(blip2, newPrompt, decoding, batch, anew, echo, reader, listener);
  }

  /** This export, decoding so; where it returns several texts, all are written. */
  public CaptionExport withDecoding(GenerationConfig newDecoding) {
    return new CaptionExport(blip2, prompt, newDecoding, batch, anew, echo, reader, listener);
  }

  /**
   * This export with so many pictures at once.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public CaptionExport withBatchSize(int newBatch) {
    if (newBatch < 1) {
      throw new IllegalArgumentException("caption: batch size expected 1 or more, got " + newBatch);
    }
    return new CaptionExport(blip2, prompt, decoding, newBatch, anew, echo, reader, listener);
  }

  /** This export, writing the prompt before each text. */
  public CaptionExport withPromptInText() {
    return new CaptionExport(blip2, prompt, decoding, batch, anew, true, reader, listener);
  }

  /** This export, replacing what earlier runs say of the same pictures. */
  public CaptionExport startingAnew() {
    return new CaptionExport(blip2, prompt, decoding, batch, true, echo, reader, listener);
  }

  /** This export, opening pictures otherwise than the model does. */
  public CaptionExport reading(Reader newReader) {
    return new CaptionExport(blip2, prompt, decoding, batch, anew, echo, newReader, listener);
  }

  /** This export, telling how far it is. */
  public CaptionExport onProgress(Listener newListener) {
    return new CaptionExport(blip2, prompt, decoding, batch, anew, echo, reader, newListener);
  }

  /**
   * A line of JSON for each picture: {@code {"image": "a.jpg", "caption": "two cats", "score":
   * -0.4}}; several texts are lists {@code "captions"} and {@code "scores"}. Where there is one,
   * the file is one that training reads.
   *
   * @param file begun if it isn't there, and gone on with if it is; pictures are called in it as
   *     {@link PathName} does
   * @throws IOException if it holds anything else or another number of texts for each picture,
   *     another run is writing it, or it can't be written
   */
  public Outcome toJsonLines(List<Path> pictures, Path file) throws IOException {
    try (var target = RecordFile.open(file, new JsonLines(decoding.numReturnSequences()), anew)) {
      return write(pictures, target);
    }
  }

  /**
   * A row of comma-separated values for each picture (RFC 4180): {@code image,caption,score}, and
   * two more columns for each further text.
   *
   * @param file begun if it isn't there, and gone on with if it is; pictures are called in it as
   *     {@link PathName} does
   * @throws IOException if it holds anything else or another number of texts for each picture,
   *     another run is writing it, or it can't be written
   */
  public Outcome toCsv(List<Path> pictures, Path file) throws IOException {
    try (var target = RecordFile.open(file, new CsvRows(decoding.numReturnSequences()), anew)) {
      return write(pictures, target);
    }
  }

  /**
   * A file beside each picture, with its name and the ending {@code .txt}: a line for each text.
   *
   * @throws IllegalArgumentException if two pictures differ in their endings alone
   * @throws IOException if a file can't be written
   */
  public Outcome toTextFiles(List<Path> pictures) throws IOException {
    try (var target = new TextFiles(pictures, anew)) {
      return write(pictures, target);
    }
  }

  private Outcome write(List<Path> pictures, CaptionTarget target) throws IOException {
    Set<Path> all = new LinkedHashSet<>(pictures);
    List<Path> open = all.stream().filter(picture -> !target.has(picture)).toList();
    int earlier = all.size() - open.size();
    int failed = 0;
    for (int from = 0; from < open.size(); from += batch) {
      List<Path> some = open.subList(from, Math.min(from + batch, open.size()));
      failed += writeBatch(some, target);
      listener.done(earlier + from + some.size(), all.size());
    }
    return new Outcome(open.size() - failed, earlier, failed);
  }

  /** Returns how many have no caption. */
  private int writeBatch(List<Path> pictures, CaptionTarget target) throws IOException {
    List<Path> names = new ArrayList<>();
    List<Image> read = new ArrayList<>();
    for (Path picture : pictures) {
      try {
        read.add(reader.read(picture));
        names.add(picture);
      } catch (IOException | OutOfMemoryError e) {
        listener.failed(picture, e);
      }
    }
    int failed = pictures.size() - names.size();
    if (names.isEmpty()) {
      return failed;
    }
    List<List<Generated>> texts;
    try {
      List<Prompt> prompts = read.stream().map(image -> Prompt.about(image, prompt)).toList();
      texts = blip2.generate(prompts, decoding);
    } catch (MemoryShortageException | OutOfMemoryError e) {
      if (pictures.size() == 1) {
        listener.failed(pictures.get(0), e);
        return 1;
      }
      read.clear(); // one by one there may be room
      for (Path picture : names) {
        failed += writeBatch(List.of(picture), target);
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
