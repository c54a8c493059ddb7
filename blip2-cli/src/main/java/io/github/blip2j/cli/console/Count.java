package io.github.blip2j.cli.console;

/** A number with its noun in singular or plural. */
public final class Count {
  private Count() {}

  /** As in {@code 1 line} and {@code 2 lines}. */
  public static String of(long count, String thing) {
    return count + " " + thing + (count == 1 ? "" : "s");
  }
}
