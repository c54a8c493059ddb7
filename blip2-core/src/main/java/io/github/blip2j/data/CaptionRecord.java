package io.github.blip2j.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A picture and what is said of it.
 *
 * @param image path of the file, within the folder of pictures
 * @param captions at least one
 * @param imageId what tells that two records show the same picture, or null
 */
public record CaptionRecord(String image, List<String> captions, @Nullable String imageId) {
  /** Checks that there is a caption. */
  public CaptionRecord {
    captions = List.copyOf(captions);
    if (captions.isEmpty()) {
      throw new IllegalArgumentException(
          "captions: expected at least 1 of " + image + ", got none");
    }
  }
}
