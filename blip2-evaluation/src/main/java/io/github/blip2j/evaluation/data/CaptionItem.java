package io.github.blip2j.evaluation.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An image with its captions by people.
 *
 * @param id the image's id, as results name it
 * @param image path of the file, within the folder of images, or null if the file does not tell
 * @param references captions by people; none for a test set
 * @param domain such as NoCaps' {@code in-domain}, or null
 */
public record CaptionItem(
    String id, @Nullable String image, List<String> references, @Nullable String domain) {
  /** Copies the list. */
  public CaptionItem {
    references = List.copyOf(references);
  }
}
