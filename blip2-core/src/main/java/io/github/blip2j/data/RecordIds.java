package io.github.blip2j.data;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Checks the ids of a file: a question has one of its own, and an image id means one image. */
final class RecordIds {
  private final Map<String, String> questions = new HashMap<>();
  private final Map<String, String> images = new HashMap<>();

  /** Checks the ids of the next record. */
  void add(DataRecord each, RecordObject from) throws DataException {
    @Nullable Question question = each.question();
    if (question != null && question.id() != null) {
      @Nullable String before = questions.put(question.id(), from.where());
      if (before != null) {
        throw from.error(
            String.format(
                Locale.ROOT,
                "question_id expected once, got %s in %s too; remove one of them",
                RecordObject.plain(question.id()),
                before));
      }
    }
    @Nullable String id = each.image().id();
    if (id != null) {
      String path = each.image().paths().isEmpty() ? "no path" : each.image().path();
      @Nullable String before = images.putIfAbsent(id, path);
      if (before != null && !before.equals(path)) {
        throw from.error(
            String.format(
                Locale.ROOT,
                "image_id expected for one image, got %s for %s and %s; give each image its own, or"
                    + " none",
                RecordObject.plain(id),
                RecordObject.plain(before),
                RecordObject.plain(path)));
      }
    }
  }
}
