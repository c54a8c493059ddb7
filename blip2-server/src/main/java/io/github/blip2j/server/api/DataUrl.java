package io.github.blip2j.server.api;

import io.github.blip2j.server.work.Picture;
import java.util.Base64;
import java.util.Locale;

/** Images in data URLs (RFC 2397), base64 alone. */
final class DataUrl {
  private static final String SCHEME = "data:";
  private static final String BASE64 = ";base64";

  private DataUrl() {}

  static boolean is(String text) {
    return text.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
  }

  /**
   * The image of a data URL.
   *
   * @param path the name of the field
   */
  static Picture picture(String path, String url) {
    int comma = url.indexOf(',');
    String head = comma < 0 ? url : url.substring(SCHEME.length(), comma);
    if (comma < 0 || !Fields.lower(head).endsWith(BASE64)) {
      throw ApiException.invalid(
          path, "data:image/...;base64,... expected, got a data URL without ;base64");
    }
    String type = Fields.lower(head.substring(0, head.length() - BASE64.length()));
    if (!type.startsWith("image/")) {
      throw ApiException.invalid(path, "an image/ type expected, got '%s'", type);
    }
    String coded = url.substring(comma + 1);
    try {
      return Picture.of(path, Base64.getDecoder().decode(coded));
    } catch (IllegalArgumentException e) {
      throw ApiException.invalid(
          path,
          "base64 of RFC 4648 expected (A-Z, a-z, 0-9, + and /, no line breaks), got %s; encode the"
              + " file's bytes again",
          mistake(coded));
    }
  }

  private static String mistake(String coded) {
    for (int i = 0; i < coded.length(); i++) {
      char c = coded.charAt(i);
      boolean letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      if (!letter && (c < '0' || c > '9') && c != '+' && c != '/' && c != '=') {
        return String.format(Locale.ROOT, "character U+%04X at %d", (int) c, i);
      }
    }
    return "an incomplete end or padding elsewhere";
  }
}
