package io.github.blip2j.cli.console;

/** A number of things, in words. */
public final class Count {
  private Count() {}

  /** As in {@code 1 line} and {@code 2 lines}. */
  public static String of(long count, String thing) {
    return count + " " + thing + (count == 1 ? "" : "s");
  }
}
