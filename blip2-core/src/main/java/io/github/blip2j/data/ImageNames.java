package io.github.blip2j.data;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file names of images that a data set knows by number only.
 *
 * @param template the name; {@code {}} stands for the image's id, and {@code {12}} for the id with
 *     zeros before it up to 12 digits
 */
public record ImageNames(String template) {
  private static final Pattern PLACE = Pattern.compile("\\{(\\d{0,2})\\}");

  /** Checks that there is one place for the id. */
  public ImageNames {
    if (PLACE.matcher(template).results().count() != 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "image names: {} or {12} expected once, got '%s'", template));
    }
  }

  /** The name of an image. */
  public String of(String id) {
    Matcher place = PLACE.matcher(template);
    return place.replaceFirst(
        found -> {
          String width = found.group(1);
          int zeros = width.isEmpty() ? 0 : Integer.parseInt(width) - id.length();
          return Matcher.quoteReplacement("0".repeat(Math.max(0, zeros)) + id);
        });
  }
}
