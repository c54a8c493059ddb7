package io.github.blip2j.evaluation.data;

import io.github.blip2j.data.DataException;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.data.DataRecord;
import io.github.blip2j.data.Question;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Reads questions to evaluate on, from every file that {@link DataFile} reads. */
public final class QuestionItems {
  private QuestionItems() {}

  /**
   * The questions of a file, in its order.
   *
   * @param images the folder of the images, by which paths that are derived from numbers are chosen
   * @throws DataException if a file holds something else, an id occurs twice, the annotations lack
   *     a question, or there is one choice only
   */
  public static List<QuestionItem> read(DataFile file, Path images) throws IOException {
    List<QuestionItem> items = new ArrayList<>();
    for (DataRecord each : file.readQuestions()) {
      Question question = Objects.requireNonNull(each.question());
      String id = Objects.requireNonNull(question.id());
      if (question.choices().size() == 1) {
        throw new DataException(
            file.path()
                + ": question "
                + id
                + ": choices expected at least 2, got 1; leave them out, or add the others");
      }
      items.add(new QuestionItem(id, each.image().pathIn(images), question));
    }
    return List.copyOf(items);
  }
}
