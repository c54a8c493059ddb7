package io.github.blip2j.spark;

import static io.github.blip2j.blip2.text.Arguments.required;

import java.io.Serializable;

/**
 * The text that goes with a picture: a question, or a description to compare with.
 *
 * @param isColumn whether {@code value} is the name of a column, and not the text itself
 * @param value the name or the text
 */
public record TextSource(boolean isColumn, String value) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Checks that there is a value. */
  public TextSource {
    required("spark", "text", value);
  }

  /** A text of its own for each picture, from a column. */
  public static TextSource column(String name) {
    return new TextSource(true, name);
  }

  /** One text for all pictures. */
  public static TextSource of(String text) {
    return new TextSource(false, text);
  }
}
