package io.github.blip2j.evaluation.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.data.DataException;
import io.github.blip2j.data.ObjectFile;
import io.github.blip2j.io.file.OutputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The result files of answers. */
public final class AnswerResults {
  /** What a result file is written for. */
  public enum Format {
    /**
     * LAVIS, and the servers of VQAv2 and VizWiz: a list of {@code {"question_id": 1, "answer":
     * "yes"}}.
     */
    VQA,
    /** GQA's server: a list of {@code {"questionId": "05451384", "prediction": "yes"}}. */
    GQA,
    /**
     * A-OKVQA's leaderboard: an object of {@code {"multiple_choice": "cat", "direct_answer":
     * "kitten"}} by question.
     */
    AOKVQA
  }

  /**
   * The answers to a question.
   *
   * @param direct the generated answer, or null
   * @param chosen the choice, or null
   */
  public record Answer(@Nullable String direct, @Nullable String chosen) {}

  private AnswerResults() {}

  /**
   * The answers of a result file of any format, by question id.
   *
   * @throws DataException if it holds something else, or an id twice
   */
  public static Map<String, Answer> read(Path file) throws IOException {
    Map<String, Answer> answers = new LinkedHashMap<>();
    ObjectFile.of(file)
        .forEach(
            "answers",
            (key, each) -> {
              String id = key == null ? each.requiredText("question_id", "questionId") : key;
              @Nullable String direct =
                  each.text("answer", "prediction", "direct_answer", "pred_ans");
              @Nullable String chosen = each.text("multiple_choice");
              if (direct == null && chosen == null) {
                each.requiredText("answer", "prediction", "direct_answer", "multiple_choice");
              }
              if (answers.put(id, new Answer(direct, chosen)) != null) {
                throw each.error(
                    "question id expected once, got " + id + " again; remove one of them");
              }
            });
    return answers;
  }

  /**
   * Writes a result file.
   *
   * @param answers by question id
   */
  public static void write(Path file, Format format, Map<String, Answer> answers)
      throws IOException {
    OutputFile.write(file, ResultJson.text(json(format, answers)));
  }

  private static JsonElement json(Format format, Map<String, Answer> answers) {
    if (format == Format.AOKVQA) {
      var all = new JsonObject();
      answers.forEach((id, answer) -> all.add(id, both(answer)));
      return all;
    }
    var list = new JsonArray();
    answers.forEach(
        (id, answer) -> {
          var record = new JsonObject();
          if (format == Format.GQA) {
            record.addProperty("questionId", id);
            record.addProperty("prediction", text(answer));
          } else {
            record.add("question_id", ResultJson.id(id));
            record.addProperty("answer", text(answer));
          }
          list.add(record);
        });
    return list;
  }

  private static JsonObject both(Answer answer) {
    var record = new JsonObject();
    if (answer.chosen() != null) {
      record.addProperty("multiple_choice", answer.chosen());
    }
    if (answer.direct() != null) {
      record.addProperty("direct_answer", answer.direct());
    }
    return record;
  }

  private static @Nullable String text(Answer answer) {
    return answer.direct() == null ? answer.chosen() : answer.direct();
  }

  /**
   * Checks that results are of a set.
   *
   * @param set the file of the questions, for the message
   * @throws DataException if there is an answer to a question that is not in the set
   */
  public static void requireOf(List<QuestionItem> questions, Map<String, Answer> answers, Path set)
      throws DataException {
    Set<String> ids = questions.stream().map(QuestionItem::id).collect(Collectors.toSet());
    IdCheck.requireAll(set, "questions", answers.keySet(), ids, "the results are of another set");
  }

  /**
   * The answers to questions, in their order.
   *
   * @param results the file of the answers, for the message
   * @throws DataException if there is no answer to a question
   */
  public static List<Answer> of(
      List<QuestionItem> questions, Map<String, Answer> answers, Path results)
      throws DataException {
    List<String> ids = questions.stream().map(QuestionItem::id).toList();
    IdCheck.requireAll(
        results, "answers", ids, answers.keySet(), "answer the rest, or score fewer questions");
    return ids.stream().map(id -> answers.getOrDefault(id, new Answer(null, null))).toList();
  }
}
