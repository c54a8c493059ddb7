package io.github.blip2j.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A picture and what is said of it.
 *
 * @param image path of the file, within the folder of pictures
 * @param captions at least one
 * @param imageId what tells that two records show the same picture, or null
 * @param dialogue what is asked about it and what is to be said, or null
 */
public record CaptionRecord(
    String image, List<String> captions, @Nullable String imageId, @Nullable Dialogue dialogue) {

  /**
   * A text that a language model is given, and the one that it shall write.
   *
   * @param input such as a question; may be empty
   * @param output such as its answer
   */
  public record Dialogue(String input, String output) {}

  /** Checks that there is a caption. */
  public CaptionRecord {
    captions = List.copyOf(captions);
    if (captions.isEmpty()) {
      throw new IllegalArgumentException(
          "captions: expected at least 1 of " + image + ", got none");
    }
  }

  /** A picture with captions alone. */
  public CaptionRecord(String image, List<String> captions, @Nullable String imageId) {
    this(image, captions, imageId, null);
  }
}
