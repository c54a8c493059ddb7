package io.github.blip2j.data;

import java.nio.file.Path;
import java.util.Locale;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Checks that all records of a file are of one part of its data set. */
final class SplitCheck {
  private static final int MOST = 8; // in a message
  private static final String REST = "restval"; // Karpathy's, which is trained on with train

  private final Path file;
  private final TreeSet<String> splits = new TreeSet<>();

  SplitCheck(Path file) {
    this.file = file;
  }

  /** Takes the next record's image. */
  void add(ImageReference image) {
    @Nullable String split = image.split();
    if (split != null && splits.size() < MOST) {
      splits.add(split);
    }
  }

  /** Refuses a file with several parts. */
  void requireOne() throws DataException {
    splits.remove(REST);
    if (splits.size() > 1) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: records expected of one split, got those of %s; choose one, as in %s@%s",
              file,
              String.join(", ", splits),
              file,
              splits.last()));
    }
  }
}
