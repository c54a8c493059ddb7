package io.github.blip2j.evaluation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.data.DataException;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.distributed.Rounds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Computes results of items in batches, which ranks share, except for those that a journal has. */
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

    /** What tells these items from others. */
    String fingerprint() {
      int ids = 0;
      for (int i = 0; i < all.size(); i++) {
        ids = 31 * (31 * ids + id(i).hashCode()) + images.get(i).hashCode();
      }
      return all.size() + " (" + Integer.toHexString(ids) + ")";
    }
  }

  /** Computes the results of a batch, one for each item. */
  @FunctionalInterface
  interface Batch<T> {
    List<JsonObject> of(List<T> items) throws IOException;
  }

  /**
   * The results of all items, in their order, on all ranks.
   *
   * @param journal of the first rank; the others' may be any in memory
   * @throws DataException if an image has another size than the one that an earlier result is of
   */
  static <T> List<JsonObject> of(
      Items<T> items,
      int batchSize,
      RunJournal journal,
      EvaluationListener listener,
      Ranks ranks,
      Batch<T> work)
      throws IOException {
    int count = items.all.size();
    ranks.requireEqual("items", items.fingerprint() + " in batches of " + batchSize);
    List<@Nullable JsonObject> results = earlier(items, journal, ranks);
    List<Integer> open = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (results.get(i) == null) {
        open.add(i);
      }
    }
    int earlier = count - open.size();
    listener.done(earlier, earlier, count);
    List<List<Integer>> batches = new ArrayList<>();
    for (int from = 0; from < open.size(); from += batchSize) {
      batches.add(open.subList(from, Math.min(from + batchSize, open.size())));
    }
    int[] done = {earlier};
    Rounds.run(
        ranks,
        batches.size(),
        number -> bytes(batch(items, batches.get(number), work)),
        (number, bytes) -> {
          List<Integer> some = batches.get(number);
          JsonArray found = array(bytes);
          for (int i = 0; i < some.size(); i++) {
            JsonObject result = found.get(i).getAsJsonObject();
            results.set(some.get(i), result);
            journal.add(items.id(some.get(i)), result);
          }
          done[0] += some.size();
          listener.done(done[0], earlier, count);
        });
    List<JsonObject> all = new ArrayList<>();
    results.forEach(result -> all.add(Objects.requireNonNull(result)));
    return all;
  }

  private static <T> JsonArray batch(Items<T> items, List<Integer> some, Batch<T> work)
      throws IOException {
    List<JsonObject> results = work.of(some.stream().map(items.all::get).toList());
    var all = new JsonArray();
    for (int i = 0; i < some.size(); i++) {
      JsonObject result = results.get(i);
      result.addProperty(IMAGE_BYTES, items.folder.bytes(items.images.get(some.get(i))));
      all.add(result);
    }
    return all;
  }

  /** What the first rank's journal has of each item, or null. */
  private static <T> List<@Nullable JsonObject> earlier(
      Items<T> items, RunJournal journal, Ranks ranks) throws IOException {
    JsonArray known =
        ranks.agreeIo(
            () -> {
              var all = new JsonArray();
              for (int i = 0; ranks.isFirst() && i < items.all.size(); i++) {
                @Nullable JsonObject result = journal.get(items.id(i));
                if (result != null) {
                  requireSame(items.folder, items.images.get(i), result, journal);
                }
                all.add(result);
              }
              return all;
            });
    List<@Nullable JsonObject> results = new ArrayList<>();
    for (JsonElement each : array(ranks.ofFirst(bytes(known)))) {
      results.add(each.isJsonNull() ? null : each.getAsJsonObject());
    }
    return results;
  }

  private static byte[] bytes(JsonArray results) {
    return results.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static JsonArray array(byte[] bytes) {
    return JsonParser.parseString(new String(bytes, StandardCharsets.UTF_8)).getAsJsonArray();
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
