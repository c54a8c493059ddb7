package io.github.blip2j.metrics;

import java.util.List;

/**
 * A caption and the references that it is compared with, each as one line of words with a blank
 * between them.
 *
 * @param caption the generated caption; may be empty
 * @param references captions by people, at least one
 */
public record CaptionTokens(String caption, List<String> references) {
  /**
   * Checks that there is a reference.
   *
   * @throws IllegalArgumentException if there is none
   */
  public CaptionTokens {
    references = List.copyOf(references);
    if (references.isEmpty()) {
      throw new IllegalArgumentException(
          "captions: references expected at least 1 of each image, got none of \"" + caption + '"');
    }
  }

  /** Plain texts, tokenized by {@link PtbTokenizer}. */
  public static CaptionTokens of(String caption, List<String> references) {
    return new CaptionTokens(line(caption), references.stream().map(CaptionTokens::line).toList());
  }

  private static String line(String text) {
    return String.join(" ", PtbTokenizer.words(text));
  }

  /**
   * Checks that there is something to score.
   *
   * @throws IllegalArgumentException if there is no image
   */
  static void requireAny(String metric, List<?> images) {
    if (images.isEmpty()) {
      throw new IllegalArgumentException(metric + ": images expected at least 1, got none");
    }
  }
}
