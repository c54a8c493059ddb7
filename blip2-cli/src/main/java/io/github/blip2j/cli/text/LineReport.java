package io.github.blip2j.cli.text;

import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.cli.console.Console;
import java.util.List;

/**
 * A line for each text, as soon as it is generated; after the image's name if there are several
 * images.
 */
final class LineReport implements TextReport {
  private final Console console;
  private final TextOptions options;

  LineReport(Console console, TextOptions options) {
    this.console = console;
    this.options = options;
  }

  @Override
  public void add(String image, String prompt, List<Generated> texts) {
    boolean several = options.images.size() > 1 || texts.size() > 1;
    for (Generated text : texts) {
      // The text of a stream is printed already, except for the end of its line.
      String line = options.stream ? "" : Console.oneLine(text.text());
      console.out().println(several && !options.stream ? image + ": " + line : line);
    }
    console.out().flush();
  }

  @Override
  public void finish() {
    // Every line is printed already.
  }
}
