package io.github.blip2j.io.hub;

import java.util.regex.Pattern;

/**
 * Names that a hub gave, or a file in its cache, and that are to become paths: none may lead out of
 * the folder it belongs to.
 */
final class PlainNames {
  private static final Pattern ONE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,199}");
  private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:.*");

  private PlainNames() {}

  /** Whether it is one harmless file name, as commits and ETags are. */
  static boolean isOne(String name) {
    return ONE.matcher(name).matches();
  }

  /** Whether it is a path below a folder, with slashes: {@code config.json}, {@code a/b.txt}. */
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

  /** Half a character, which no encoding has. */
  private static boolean isHalf(int c) {
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
  }
}
