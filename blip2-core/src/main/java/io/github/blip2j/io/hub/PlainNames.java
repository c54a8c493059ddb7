package io.github.blip2j.io.hub;

import java.util.regex.Pattern;

/** Checks names from a hub or a cache before they become paths: none may lead out of its folder. */
final class PlainNames {
  private static final Pattern ONE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,199}");
  private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:.*");

  private PlainNames() {}

  /** Whether a name is a single safe file name, as commits and ETags are. */
  static boolean isOne(String name) {
    return ONE.matcher(name).matches();
  }

  /**
   * Whether a name is a safe path below a folder, with slashes: {@code config.json}, {@code
   * a/b.txt}.
   */
  static boolean isPath(String path) {
    boolean odd = path.codePoints().anyMatch(c -> c < ' ' || c == '\\' || isHalf(c));
    if (odd || DRIVE.matcher(path).matches()) {
      return false;
    }
    for (String part : path.split("/", -1)) {
      if (part.isBlank() || part.equals(".") || part.equals("..")) {
        return false;
      }
    }
    return true;
  }

  /** Whether a character is half a surrogate pair, which no encoding can represent. */
  private static boolean isHalf(int c) {
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
  }
}
