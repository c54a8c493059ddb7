package io.github.blip2j.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An image with its captions or dialogue.
 *
 * @param image path of the file, within the folder of images
 * @param captions at least one
 * @param imageId id of the image, equal for records of the same image, or null
 * @param dialogue input and output text of a language model, or null
 */
public record CaptionRecord(
    String image, List<String> captions, @Nullable String imageId, @Nullable Dialogue dialogue) {

  /**
   * The input of a language model and its target output.
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

  /** An image with captions only. */
  public CaptionRecord(String image, List<String> captions, @Nullable String imageId) {
    this(image, captions, imageId, null);
  }
}
