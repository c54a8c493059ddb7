package io.github.blip2j.evaluation;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/** Computes results of items in batches, except for those that a journal has. */
final class ResumableRun {
  private ResumableRun() {}

  /** Computes the results of a batch, one for each item. */
  @FunctionalInterface
  interface Batch<T> {
    List<JsonObject> of(List<T> items) throws IOException;
  }

  /** The results of all items, in their order. */
  static <T> List<JsonObject> of(
      List<T> items,
      Function<T, String> id,
      int batchSize,
      RunJournal journal,
      EvaluationListener listener,
      Batch<T> work)
      throws IOException {
    List<T> open = items.stream().filter(item -> journal.get(id.apply(item)) == null).toList();
    int earlier = items.size() - open.size();
    listener.done(earlier, earlier, items.size());
    for (int from = 0; from < open.size(); from += batchSize) {
      List<T> some = open.subList(from, Math.min(from + batchSize, open.size()));
      List<JsonObject> results = work.of(some);
      for (int i = 0; i < some.size(); i++) {
        journal.add(id.apply(some.get(i)), results.get(i));
      }
      listener.done(earlier + from + some.size(), earlier, items.size());
    }
    List<JsonObject> all = new ArrayList<>();
    items.forEach(item -> all.add(Objects.requireNonNull(journal.get(id.apply(item)))));
    return all;
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
