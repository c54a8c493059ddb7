package io.github.blip2j.fuzz;

import io.github.blip2j.text.CaptionText;
import io.github.blip2j.text.QuestionText;
import java.nio.charset.StandardCharsets;

/** Any text as a caption or a question: cleaned, and clean. */
public final class TextTarget {
  private TextTarget() {}

  /** Cleans one text, given in UTF-16 so that lone surrogates occur. */
  public static void fuzzerTestOneInput(byte[] data) {
    String text = new String(data, StandardCharsets.UTF_8);
    String raw = new String(data, StandardCharsets.UTF_16LE);
    for (String each : new String[] {text, raw}) {
      String clean = CaptionText.lavis().clean(each);
      if (clean.indexOf('*') >= 0 || clean.startsWith(" ")) {
        throw new AssertionError("not clean: " + clean);
      }
      QuestionText.lavis().clean(each);
    }
  }
}
