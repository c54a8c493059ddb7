package io.github.blip2j.evaluation.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.data.DataException;
import io.github.blip2j.metrics.HumanAnswer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads questions to evaluate on: VQAv2's and OK-VQA's pair of files, GQA's object of records,
 * A-OKVQA's list, and LAVIS's lists or lines of {@code {"image", "question", "question_id",
 * "answer"}}.
 *
 * <p>Where records have no {@code image}, its name is made from the id: for VQAv2 as {@code
 * COCO_val2014_000000391895.jpg} by the file's {@code data_subtype}, for A-OKVQA as {@code
 * 000000391895.jpg}, for GQA as {@code 2370799.jpg}, or as {@link ImageNames} say.
 */
public final class Questions {
  private final @Nullable ImageNames names;
  private final Map<String, Question> questions = new LinkedHashMap<>();
  private final Map<String, String> imageIds = new LinkedHashMap<>();
  private @Nullable String split;
  private boolean choices;

  private Questions(@Nullable ImageNames names) {
    this.names = names;
  }

  /**
   * The questions of a file, in its order.
   *
   * @param annotations the file of the answers, or null if they are with the questions or unknown
   * @param names the names of images, or null for the data set's own
   * @throws DataException if a file holds something else, an id occurs twice, or the annotations
   *     lack a question
   */
  public static List<Question> read(
      Path file, @Nullable Path annotations, @Nullable ImageNames names) throws IOException {
    var reading = new Questions(names);
    JsonRecords.read(
        file,
        "questions",
        new JsonRecords.Consumer() {
          @Override
          public void accept(String list, String key, JsonObject record, String where)
              throws DataException {
            reading.add(key, new JsonFields(record, where));
          }

          @Override
          public void about(String key, String value) {
            reading.split = key.equals("data_subtype") ? value : reading.split;
          }
        });
    if (annotations != null) {
      reading.annotate(annotations);
    }
    return reading.finish();
  }

  private void add(String key, JsonFields fields) throws DataException {
    String id = key.isEmpty() ? fields.required("question_id", "questionId", "id") : key;
    String text = fields.required("question", "text_input");
    @Nullable String image = fields.text("image", "file_name");
    if (image == null) {
      imageIds.put(id, fields.required("image_id", "imageId"));
    }
    Question question =
        Question.of(id, image == null ? "" : image, text)
            .withAnswers(AnswerFields.answers(fields), AnswerFields.type(fields))
            .withChoice(AnswerFields.choice(fields));
    choices |= question.choice() != null;
    if (questions.put(id, question) != null) {
      throw IdCheck.twice(fields.where(), "question id", id);
    }
  }

  private void annotate(Path annotations) throws IOException {
    Map<String, Boolean> seen = new LinkedHashMap<>();
    JsonRecords.read(
        annotations,
        "annotations",
        (list, key, record, where) -> {
          var fields = new JsonFields(record, where);
          String id = key.isEmpty() ? fields.required("question_id", "questionId", "id") : key;
          if (seen.put(id, true) != null) {
            throw IdCheck.twice(where, "question id", id);
          }
          List<HumanAnswer> answers = AnswerFields.answers(fields);
          @Nullable Question question = questions.get(id);
          if (question != null && !answers.isEmpty()) {
            questions.put(id, question.withAnswers(answers, AnswerFields.type(fields)));
          }
        });
    IdCheck.requireAll(
        annotations,
        "annotations",
        questions.keySet(),
        seen.keySet(),
        "take the annotations of the same set");
  }

  private List<Question> finish() {
    List<Question> all = new ArrayList<>();
    for (Question each : questions.values()) {
      @Nullable String imageId = imageIds.get(each.id());
      all.add(
          imageId == null
              ? each
              : new Question(
                  each.id(),
                  imageNames().of(imageId),
                  each.text(),
                  each.answers(),
                  each.choice(),
                  each.type()));
    }
    return List.copyOf(all);
  }

  private ImageNames imageNames() {
    if (names != null) {
      return names;
    }
    if (split != null) {
      return ImageNames.coco2014(split);
    }
    return choices ? ImageNames.COCO : ImageNames.GQA;
  }

  /** The fields of answers, of every data set. */
  private static final class AnswerFields {
    static List<HumanAnswer> answers(JsonFields fields) throws DataException {
      @Nullable JsonElement list = fields.any("answers");
      List<HumanAnswer> answers = new ArrayList<>();
      if (list != null && list.isJsonArray()) {
        for (JsonElement each : list.getAsJsonArray()) {
          if (!each.isJsonObject()) {
            break; // a list of texts
          }
          var answer = new JsonFields(each.getAsJsonObject(), fields.where());
          answers.add(
              new HumanAnswer(
                  answer.required("answer"),
                  answer.text("answer_id"),
                  answer.text("answer_confidence")));
        }
      }
      if (answers.isEmpty()) {
        List<String> texts = fields.texts("direct_answers", "answers", "answer", "text_output");
        for (int i = 0; i < texts.size(); i++) {
          answers.add(new HumanAnswer(texts.get(i), Integer.toString(i + 1), null));
        }
      }
      return answers;
    }

    static Question.@Nullable Type type(JsonFields fields) throws DataException {
      @Nullable String question = fields.text("question_type");
      @Nullable String answer = fields.text("answer_type");
      return question == null || answer == null ? null : new Question.Type(question, answer);
    }

    static Question.@Nullable Choice choice(JsonFields fields) throws DataException {
      List<String> texts = fields.texts("choices");
      if (texts.isEmpty()) {
        return null;
      }
      @Nullable String right = fields.text("correct_choice_idx");
      int number = right == null ? -1 : number(fields, right);
      if (texts.size() < 2 || number >= texts.size()) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: choices expected at least 2 with the right one among them, got %d and number"
                    + " %d",
                fields.where(),
                texts.size(),
                number));
      }
      return new Question.Choice(texts, number);
    }

    private static int number(JsonFields fields, String text) throws DataException {
      try {
        return Integer.parseInt(text);
      } catch (NumberFormatException e) {
        throw new DataException(
            fields.where() + ": correct_choice_idx expected a number, got " + text, e);
      }
    }
  }
}
