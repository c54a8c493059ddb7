package io.github.blip2j.evaluation;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.data.DataException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Computes results of items in batches, except for those that a journal has. */
final class ResumableRun {
  private static final String IMAGE_BYTES = "image_bytes";

  private ResumableRun() {}

  /**
   * What is computed.
   *
   * @param id what tells an item from the others
   * @param images the image of each item, by its name in the folder
   */
  record Items<T>(List<T> all, Function<T, String> id, List<String> images, ImageFolder folder) {
    String id(int i) {
      return id.apply(all.get(i));
    }
  }

  /** Computes the results of a batch, one for each item. */
  @FunctionalInterface
  interface Batch<T> {
    List<JsonObject> of(List<T> items) throws IOException;
  }

  /**
   * The results of all items, in their order.
   *
   * @throws DataException if an image has another size than the one that an earlier result is of
   */
  static <T> List<JsonObject> of(
      Items<T> items, int batchSize, RunJournal journal, EvaluationListener listener, Batch<T> work)
      throws IOException {
    int count = items.all.size();
    List<Integer> open = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      @Nullable JsonObject earlier = journal.get(items.id(i));
      if (earlier == null) {
        open.add(i);
      } else {
        requireSame(items.folder, items.images.get(i), earlier, journal);
      }
    }
    int earlier = count - open.size();
    listener.done(earlier, earlier, count);
    for (int from = 0; from < open.size(); from += batchSize) {
      List<Integer> some = open.subList(from, Math.min(from + batchSize, open.size()));
      List<JsonObject> results = work.of(some.stream().map(items.all::get).toList());
      for (int i = 0; i < some.size(); i++) {
        JsonObject result = results.get(i);
        result.addProperty(IMAGE_BYTES, items.folder.bytes(items.images.get(some.get(i))));
        journal.add(items.id(some.get(i)), result);
      }
      listener.done(earlier + from + some.size(), earlier, count);
    }
    List<JsonObject> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(Objects.requireNonNull(journal.get(items.id(i))));
    }
    return all;
  }

  /** Checks that an earlier result is of the image in the folder, as far as its size tells. */
  private static void requireSame(
      ImageFolder folder, String image, JsonObject earlier, RunJournal journal) throws IOException {
    @Nullable JsonElement bytes = earlier.get(IMAGE_BYTES);
    if (bytes != null && bytes.getAsLong() != folder.bytes(image)) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: results of the same images expected, got one of %s with %d bytes instead of %d;"
                  + " name another file, or begin anew (--overwrite)",
              journal.file() == null ? "journal" : journal.file(),
              image,
              bytes.getAsLong(),
              folder.bytes(image)));
    }
  }

  /** Checks a batch size. */
  static int positive(int batchSize) {
    if (batchSize < 1) {
      throw new IllegalArgumentException(
          "evaluation: batch size expected 1 or more, got " + batchSize);
    }
    return batchSize;
  }
}
