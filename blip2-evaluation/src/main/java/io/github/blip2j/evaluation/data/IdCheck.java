package io.github.blip2j.evaluation.data;

import io.github.blip2j.data.DataException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Checks that two files are about the same items. */
final class IdCheck {
  private static final int SHOWN = 3;

  private IdCheck() {}

  /**
   * Checks that every id of one side is on the other.
   *
   * @param file the file that lacks them
   * @param what the things that it should have, such as {@code "captions"}
   * @param advice what to do, at the end of the message
   * @throws DataException naming some of the missing ids
   */
  static void requireAll(
      Path file, String what, Collection<String> wanted, Set<String> there, String advice)
      throws DataException {
    List<String> missing = wanted.stream().filter(id -> !there.contains(id)).toList();
    if (!missing.isEmpty()) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: %s expected for all %d ids, got none for %d (%s%s); %s",
              file,
              what,
              wanted.size(),
              missing.size(),
              String.join(", ", missing.subList(0, Math.min(SHOWN, missing.size()))),
              missing.size() > SHOWN ? ", ..." : "",
              advice));
    }
  }
}
