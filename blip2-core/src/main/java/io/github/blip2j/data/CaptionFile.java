package io.github.blip2j.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the records of {@link DataFile}s that one trains on: each with a caption, with the input
 * and output of a language model, or with a question and its answers. LAVIS's captions are
 *
 * <pre>{@code
 * {"image": "val2014/000000391895.jpg", "caption": "a man on a bike", "image_id": "coco_391895"}
 * }</pre>
 *
 * <p>and those that Hugging Face's {@code imagefolder} reads from {@code metadata.jsonl} have
 * {@code file_name} and {@code text} in place of {@code image} and {@code caption}.
 *
 * <p>The caption may be a list of strings, the {@code image_id} a string, a number or missing.
 * Instead of a caption or beside it there may be a {@code text_output}, the target, and a {@code
 * text_input}, the input before it; or a {@code question} and its {@code answer}, one or a list
 * with an entry for each person. The answers are then the captions too.
 */
public final class CaptionFile {
  private CaptionFile() {}

  /**
   * The records of several files, one after the other.
   *
   * @throws DataException naming the file and the record that isn't one
   */
  public static List<CaptionRecord> readAll(List<Path> files) throws IOException {
    List<CaptionRecord> all = new ArrayList<>();
    for (Path file : files) {
      all.addAll(read(file));
    }
    return List.copyOf(all);
  }

  /**
   * The records of a file, in their order.
   *
   * @throws DataException naming the file and the record that isn't one
   */
  public static List<CaptionRecord> read(Path file) throws IOException {
    return read(DataFile.of(file), null);
  }

  /**
   * The records of a file, in their order.
   *
   * @param images the folder with the images, by which paths that are derived from numbers are
   *     chosen, or null to take the likeliest
   * @throws DataException naming the file and the record that isn't one, or the splits of a file
   *     that has several
   */
  public static List<CaptionRecord> read(DataFile file, @Nullable Path images) throws IOException {
    List<CaptionRecord> records = new ArrayList<>();
    var splits = new SplitCheck(file.path());
    var ids = new RecordIds();
    file.read(
        (each, from) -> {
          ids.add(each, from);
          splits.add(each.image());
          records.add(record(each, from, images));
        });
    splits.requireOne();
    return List.copyOf(records);
  }

  /**
   * The record that one trains on.
   *
   * @throws DataException if it has no text, or a question has no answers
   */
  static CaptionRecord record(DataRecord each, RecordObject from, @Nullable Path images)
      throws DataException {
    ImageReference image = each.image();
    String path = images == null ? image.path() : image.within(images).orElse(image.path());
    CaptionRecord.@Nullable Dialogue dialogue = each.dialogue();
    CaptionRecord.@Nullable Question asked = null;
    List<String> texts = each.captions();
    if (texts.isEmpty() && dialogue != null) {
      texts = List.of(dialogue.output());
    }
    @Nullable Question question = each.question();
    if (question != null && !question.answers().isEmpty()) {
      asked = new CaptionRecord.Question(question.text(), question.answerTexts());
      texts = texts.isEmpty() ? question.answerTexts() : texts;
    }
    if (texts.isEmpty()) {
      throw question == null
          ? from.otherKeys()
          : from.error(
              "answers expected to the question, got none; name the annotations behind the"
                  + " questions: QUESTIONS+ANNOTATIONS");
    }
    return new CaptionRecord(path, texts, image.id(), dialogue, asked);
  }
}
