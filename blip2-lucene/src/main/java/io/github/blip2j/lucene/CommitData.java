package io.github.blip2j.lucene;

import io.github.blip2j.search.store.IndexException;
import io.github.blip2j.search.store.IndexModel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** What a commit of Lucene says of the vectors: their model, and the form of the documents. */
final class CommitData {
  private static final String FORMAT = "format";
  private static final String OURS = "blip2-lucene";
  private static final String VERSION = "version";
  private static final int OUR_VERSION = 1;
  private static final String MODEL = "model";
  private static final String DIGEST = "digest";
  private static final String QUERIES = "queries";
  private static final String WIDTH = "width";

  private CommitData() {}

  static Map<String, String> of(IndexModel model) {
    Map<String, String> data = new HashMap<>();
    data.put(FORMAT, OURS);
    data.put(VERSION, String.valueOf(OUR_VERSION));
    data.put(MODEL, model.name());
    data.put(DIGEST, model.digest());
    data.put(QUERIES, String.valueOf(model.queries()));
    data.put(WIDTH, String.valueOf(model.width()));
    return data;
  }

  /**
   * The model of a commit.
   *
   * @throws IndexException if the index is somebody else's, or of another version
   */
  static IndexModel model(Path folder, Map<String, String> data) throws IndexException {
    if (!OURS.equals(data.get(FORMAT))) {
      throw new IndexException(
          folder + ": Lucene index of photos expected, got another one; choose another folder");
    }
    String version = data.getOrDefault(VERSION, "none");
    if (!version.equals(String.valueOf(OUR_VERSION))) {
      throw new IndexException(
          String.format(
              Locale.ROOT,
              "%s: Lucene index of version %d expected, got version %s; remove the folder and"
                  + " update again",
              folder,
              OUR_VERSION,
              version));
    }
    try {
      return new IndexModel(
          data.getOrDefault(MODEL, ""),
          data.getOrDefault(DIGEST, ""),
          Integer.parseInt(data.getOrDefault(QUERIES, "")),
          Integer.parseInt(data.getOrDefault(WIDTH, "")));
    } catch (IllegalArgumentException e) {
      throw new IndexException(
          folder
              + ": sizes of vectors expected in the Lucene index, got none; remove the folder and"
              + " update again",
          e);
    }
  }

  /**
   * Refuses another model.
   *
   * @throws IndexException if the vectors are of different models
   */
  static void require(Path folder, IndexModel own, IndexModel other) throws IndexException {
    if (!own.agrees(other)) {
      throw new IndexException(
          folder
              + ": Lucene index of the model "
              + other
              + " expected, got one of "
              + own
              + "; give that model, or choose another folder");
    }
  }
}
