package io.github.blip2j.cli;

/** A number of things, in words. */
final class Count {
  private Count() {}

  /** As in {@code 1 line} and {@code 2 lines}. */
  static String of(long count, String thing) {
    return count + " " + thing + (count == 1 ? "" : "s");
  }
}
