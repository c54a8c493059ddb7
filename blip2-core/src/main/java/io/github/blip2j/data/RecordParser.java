package io.github.blip2j.data;

import io.github.blip2j.data.CaptionRecord.Dialogue;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes records of the objects of data sets. Keys are those of LAVIS's files, of Hugging Face's
 * image folders, and of the sets' own files.
 */
final class RecordParser {
  private static final double OF_VISUAL_GENOME = 0.2; // LAVIS's weight of an answer of that set
  private static final List<String> CAPTIONS = List.of("caption", "captions", "text", "raw");
  private static final List<String> IMAGE_IDS = List.of("image_id", "img_id", "imageId", "cocoid");
  private static final List<String> QUESTION_IDS = List.of("question_id", "questionId", "qa_id");

  private final Map<Answer, Answer> answers = new HashMap<>(); // most people answer yes or no

  /** Takes the records of one object, several if it is an image of Visual Genome. */
  void parse(RecordObject from, RecordSink sink) throws IOException {
    if (!from.hasObjects("regions") && !from.hasObjects("qas")) {
      sink.accept(record(from, null), from);
      return;
    }
    for (RecordObject each : from.objects("regions")) {
      String phrase = each.requiredString("phrase");
      sink.accept(new DataRecord(ofVisualGenome(each), List.of(phrase)), each);
    }
    for (RecordObject each : from.objects("qas")) {
      sink.accept(new DataRecord(ofVisualGenome(each), List.of(), question(each), null), each);
    }
  }

  /**
   * The record of an object.
   *
   * @param image the image, or null if the object has to name it
   */
  DataRecord record(RecordObject from, @Nullable ImageReference image) throws DataException {
    ImageReference seen = image == null ? image(from) : image;
    @Nullable List<String> captions = null;
    for (String key : CAPTIONS) {
      @Nullable List<String> texts = from.strings(key);
      captions = captions == null ? texts : captions;
    }
    @Nullable String output = from.string("text_output");
    @Nullable String input = from.string("text_input");
    var dialogue = output == null ? null : new Dialogue(input == null ? "" : input, output);
    @Nullable Question question = from.has("question") ? question(from) : null;
    return new DataRecord(seen, captions == null ? List.of() : captions, question, dialogue);
  }

  /** The image of an object: the path that it states, or those that its number means. */
  private static ImageReference image(RecordObject from) throws DataException {
    @Nullable String path = null;
    for (String key : List.of("image", "file_name", "image_path")) {
      @Nullable String stated = from.string(key);
      path = path == null ? stated : path;
    }
    @Nullable String id = imageId(from);
    @Nullable String split = from.word("split");
    List<String> paths = path == null ? derived(from, id, split) : List.of(path);
    return new ImageReference(paths, id, from.word("domain"), split);
  }

  private static List<String> derived(
      RecordObject from, @Nullable String id, @Nullable String split) throws DataException {
    if (id != null && from.has("imageId")) { // GQA
      return List.of(id + ".jpg", "images/" + id + ".jpg");
    }
    if (id != null && split != null && from.has("choices")) { // A-OKVQA
      String name = padded(from, id) + ".jpg";
      return List.of(split + "2017/" + name, name);
    }
    throw from.otherKeys();
  }

  private static ImageReference ofVisualGenome(RecordObject from) throws DataException {
    String id = from.requiredId("image_id");
    String name = id + ".jpg";
    List<String> paths = List.of(name, "VG_100K/" + name, "VG_100K_2/" + name);
    return new ImageReference(paths, id, null, null);
  }

  /** An image's number as COCO's files have it in their names, with twelve digits. */
  static String padded(RecordObject from, String id) throws DataException {
    try {
      return String.format(Locale.ROOT, "%012d", Long.parseLong(id));
    } catch (NumberFormatException e) {
      throw from.error("image_id expected a number, got " + RecordObject.plain(id));
    }
  }

  /** The question of an object. */
  Question question(RecordObject from) throws DataException {
    @Nullable List<String> choices = from.optionalStrings("choices");
    try {
      return new Question(
          questionId(from),
          from.requiredString("question"),
          answers(from),
          choices == null ? List.of() : choices,
          from.index("correct_choice_idx"));
    } catch (IllegalArgumentException e) {
      throw from.error(String.valueOf(e.getMessage()));
    }
  }

  /** The answers of an object, none if it has none. */
  List<Answer> answers(RecordObject from) throws DataException {
    List<String> texts = new ArrayList<>();
    if (from.hasObjects("answers")) {
      for (RecordObject each : from.objects("answers")) {
        texts.add(each.requiredString("answer"));
      }
    } else {
      for (String key : List.of("answer", "answers", "direct_answers")) {
        @Nullable List<String> some = from.optionalStrings(key);
        if (some != null && texts.isEmpty()) {
          texts.addAll(some);
        }
      }
    }
    boolean ofGenome = "vg".equals(from.word("dataset")) || from.has("qa_id");
    double weight = ofGenome ? OF_VISUAL_GENOME : 1.0 / Math.max(1, texts.size());
    List<Answer> all = new ArrayList<>(texts.size());
    for (String text : texts) {
      all.add(answers.computeIfAbsent(new Answer(text, weight), same -> same));
    }
    return all;
  }

  /** The image id of an object, or null. */
  static @Nullable String imageId(RecordObject from) throws DataException {
    return id(from, IMAGE_IDS);
  }

  /** The question id of an object, or null. */
  static @Nullable String questionId(RecordObject from) throws DataException {
    return id(from, QUESTION_IDS);
  }

  private static @Nullable String id(RecordObject from, List<String> keys) throws DataException {
    for (String key : keys) {
      @Nullable String id = from.id(key);
      if (id != null) {
        return id;
      }
    }
    return null;
  }
}
