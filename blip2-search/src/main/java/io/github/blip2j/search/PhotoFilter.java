package io.github.blip2j.search;

import io.github.blip2j.search.store.IndexedFile;
import java.io.File;
import java.time.Instant;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which photos may be results.
 *
 * @param folders a pattern of folders, or null for all
 * @param from the earliest time, or null
 * @param until the time that all are before, or null
 * @param chosen of the user's choice, or null for all
 */
record PhotoFilter(
    @Nullable Pattern folders,
    @Nullable Instant from,
    @Nullable Instant until,
    @Nullable Predicate<Photo> chosen) {
  static final PhotoFilter ALL = new PhotoFilter(null, null, null, null);

  /**
   * Only photos in a folder, or in folders in it, whose path matches a glob: {@code *} stands for
   * any part of a name, {@code ?} for a character, {@code **} for any number of folders, none among
   * them. A glob that begins with a slash is matched from the root, any other from any folder on.
   */
  PhotoFilter in(String glob) {
    return new PhotoFilter(Pattern.compile(expression(glob), Pattern.DOTALL), from, until, chosen);
  }

  PhotoFilter after(Instant time) {
    return new PhotoFilter(folders, time, until, chosen);
  }

  PhotoFilter before(Instant time) {
    return new PhotoFilter(folders, from, time, chosen);
  }

  /** Only photos of which this is true, and what was before. */
  PhotoFilter where(Predicate<Photo> condition) {
    return new PhotoFilter(
        folders, from, until, chosen == null ? condition : chosen.and(condition));
  }

  boolean isAll() {
    return folders == null && from == null && until == null && chosen == null;
  }

  boolean accepts(IndexedFile file) {
    String path = file.path().replace(File.separatorChar, '/');
    int end = path.lastIndexOf('/');
    String folder = end < 0 ? "" : path.substring(0, end);
    return (folders == null || folders.matcher(folder).matches())
        && (from == null || !file.date().isBefore(from))
        && (until == null || file.date().isBefore(until))
        && (chosen == null || chosen.test(new Photo(file)));
  }

  private static String expression(String glob) {
    String path = glob.endsWith("/") ? glob.substring(0, glob.length() - 1) : glob;
    var expression = new StringBuilder(glob.startsWith("/") ? "" : "(.*/)?");
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (path.startsWith("/**", i) && (i + 3 == path.length() || path.charAt(i + 3) == '/')) {
        expression.append("(/.*)?");
        i += 2;
        continue;
      }
      boolean twice = c == '*' && i + 1 < path.length() && path.charAt(i + 1) == '*';
      if (twice) {
        expression.append(".*");
        i++;
      } else if (c == '*') {
        expression.append("[^/]*");
      } else if (c == '?') {
        expression.append("[^/]");
      } else {
        expression.append(Pattern.quote(String.valueOf(c)));
      }
    }
    return expression.append("(/.*)?").toString();
  }
}
