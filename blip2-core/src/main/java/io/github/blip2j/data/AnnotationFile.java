package io.github.blip2j.data;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The answers to questions in a file of their own, as VQAv2 and OK-VQA have them. */
final class AnnotationFile {
  private final Path file;
  private final Map<String, Annotation> open = new HashMap<>(); // by question id

  /** The answers to a question, its kind, and the id of its image. */
  private record Annotation(
      @Nullable String image, List<Answer> answers, Question.@Nullable Type type) {}

  private AnnotationFile(Path file) {
    this.file = file;
  }

  /**
   * Reads all annotations.
   *
   * @throws DataException naming file and place of what is no annotation, or of an id that is there
   *     twice
   */
  static AnnotationFile read(Path file, RecordParser parser) throws IOException {
    DataFile.requireFile(file, "annotations");
    var annotations = new AnnotationFile(file);
    try {
      ObjectFile.read(file, (key, each) -> annotations.add(key, each, parser));
    } catch (CharacterCodingException e) {
      throw new DataException(file + ": text expected UTF-8, got other bytes", e);
    }
    return annotations;
  }

  private void add(@Nullable String key, RecordObject each, RecordParser parser)
      throws DataException {
    @Nullable String own = RecordParser.questionId(each);
    @Nullable String question = own == null ? key : own;
    List<Answer> answers = parser.answers(each);
    if (question == null || (answers.isEmpty() && !each.has("answers"))) {
      throw each.error(
          "keys expected question_id and answers, got "
              + each.shownKeys()
              + "; name the annotations that belong to the questions");
    }
    var annotation = new Annotation(each.id("image_id"), answers, RecordParser.type(each));
    if (open.put(question, annotation) != null) {
      throw each.error(
          "question_id expected once, got "
              + RecordObject.plain(question)
              + " again; remove one of them");
    }
  }

  /**
   * A question with its answers, which are then used.
   *
   * @throws DataException if the record is no question, or the file has no answers to it, or those
   *     to a question about another image
   */
  DataRecord answered(DataRecord each, RecordObject from) throws DataException {
    @Nullable Question question = each.question();
    @Nullable String id = question == null ? null : question.id();
    if (question == null || id == null) {
      throw from.error(
          "question with a question_id expected, for the answers of "
              + file
              + ", got "
              + from.shownKeys());
    }
    @Nullable Annotation own = open.remove(id);
    if (own == null) {
      throw from.error(
          String.format(
              Locale.ROOT,
              "answers to question %s expected in %s, got none; name the annotations of the same"
                  + " questions",
              RecordObject.plain(id),
              file));
    }
    @Nullable String image = each.image().id();
    if (own.image != null && image != null && !own.image.equals(image)) {
      throw from.error(
          String.format(
              Locale.ROOT,
              "image of question %s expected %s as in %s, got %s; name the annotations of the same"
                  + " questions",
              RecordObject.plain(id),
              RecordObject.plain(own.image),
              file,
              RecordObject.plain(image)));
    }
    return each.withQuestion(question.withAnswers(own.answers).withType(own.type));
  }

  /**
   * Checks that all annotations were used.
   *
   * @param questions the file of the questions, for the message
   */
  void requireAllUsed(Path questions) throws DataException {
    if (!open.isEmpty()) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: questions expected in %s for all annotations, got none for %d, such as %s; name"
                  + " the questions of the same annotations",
              file,
              questions,
              open.size(),
              RecordObject.plain(open.keySet().iterator().next())));
    }
  }
}
