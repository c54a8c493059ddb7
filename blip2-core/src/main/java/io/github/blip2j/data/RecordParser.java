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
  private static final List<String> ANSWERS = List.of("answer", "answers", "direct_answers");

  private final @Nullable ImageNames names;
  private final boolean gaps;

  // Most people answer yes or no: six million answers share their texts.
  private final Map<String, String> texts = new HashMap<>();
  private final Map<Answer.Person, Answer.Person> people = new HashMap<>();
  private final Map<Answer, Answer> answers = new HashMap<>();

  /**
   * A parser.
   *
   * @param names of images that records know by number, or null for the data sets' own
   * @param gaps whether records may lack a caption, an answer or the path of their image, which
   *     evaluation can do without
   */
  RecordParser(@Nullable ImageNames names, boolean gaps) {
    this.names = names;
    this.gaps = gaps;
  }

  /** A parser of records that are complete. */
  static RecordParser strict() {
    return new RecordParser(null, false);
  }

  /** Whether records may lack what only training needs. */
  boolean hasGaps() {
    return gaps;
  }

  /** The names of images that records know by number, or null for the data sets' own. */
  @Nullable ImageNames names() {
    return names;
  }

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
    for (int i = 0; i < CAPTIONS.size() && captions == null; i++) {
      String key = CAPTIONS.get(i);
      captions = gaps ? from.optionalStrings(key) : from.strings(key);
    }
    @Nullable String output = from.string("text_output");
    @Nullable String input = from.string("text_input");
    var dialogue = output == null ? null : new Dialogue(input == null ? "" : input, output);
    @Nullable Question question = from.has("question") ? question(from) : null;
    if (question == null && gaps && input != null) {
      question = Question.of(questionId(from), input, answers(from, List.of("text_output")));
    }
    return new DataRecord(seen, captions == null ? List.of() : captions, question, dialogue);
  }

  /** The image of an object: the path that it states, or those that its number means. */
  private ImageReference image(RecordObject from) throws DataException {
    @Nullable String path = null;
    for (String key : List.of("image", "file_name", "image_path")) {
      @Nullable String stated = from.string(key);
      path = path == null ? stated : path;
    }
    @Nullable String id = imageId(from);
    if (id == null && gaps && !from.has("question")) { // a question's is its own
      id = from.id("id");
    }
    @Nullable String split = from.word("split");
    List<String> paths = path == null ? derived(from, id, split) : List.of(path);
    return new ImageReference(paths, id, from.word("domain"), split);
  }

  private List<String> derived(RecordObject from, @Nullable String id, @Nullable String split)
      throws DataException {
    if (id != null && names != null) {
      return List.of(names.of(id));
    }
    if (id != null && from.has("imageId")) { // GQA
      return List.of(id + ".jpg", "images/" + id + ".jpg");
    }
    if (id != null && from.has("choices") && (split != null || gaps)) { // A-OKVQA
      String name = padded(from, id) + ".jpg";
      return split == null ? List.of(name) : List.of(split + "2017/" + name, name);
    }
    if (id != null && gaps) {
      return List.of(id + ".jpg");
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
          answers(from, ANSWERS),
          choices == null ? List.of() : choices,
          from.index("correct_choice_idx"),
          type(from));
    } catch (IllegalArgumentException e) {
      throw from.error(String.valueOf(e.getMessage()));
    }
  }

  /** The kind of a question, or null if its object does not tell. */
  static Question.@Nullable Type type(RecordObject from) {
    @Nullable String question = from.word("question_type");
    @Nullable String answer = from.word("answer_type");
    return question == null && answer == null ? null : new Question.Type(question, answer);
  }

  /** The answers of an object, none if it has none. */
  List<Answer> answers(RecordObject from) throws DataException {
    return answers(from, ANSWERS);
  }

  private List<Answer> answers(RecordObject from, List<String> keys) throws DataException {
    List<String> given = new ArrayList<>();
    List<Answer.Person> givers = new ArrayList<>();
    if (from.hasObjects("answers")) {
      for (RecordObject each : from.objects("answers")) {
        given.add(each.requiredText("answer"));
        var giver = new Answer.Person(each.id("answer_id"), each.text("answer_confidence"));
        givers.add(people.computeIfAbsent(giver, same -> same));
      }
    } else {
      for (String key : keys) {
        @Nullable List<String> some = from.optionalStrings(key);
        if (some != null && given.isEmpty()) {
          given.addAll(some);
        }
      }
    }
    boolean ofGenome = "vg".equals(from.word("dataset")) || from.has("qa_id");
    double weight = ofGenome ? OF_VISUAL_GENOME : 1.0 / Math.max(1, given.size());
    List<Answer> all = new ArrayList<>(given.size());
    for (int i = 0; i < given.size(); i++) {
      String text = texts.computeIfAbsent(given.get(i), same -> same);
      var answer = new Answer(text, weight, givers.isEmpty() ? null : givers.get(i));
      all.add(answers.computeIfAbsent(answer, same -> same));
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
