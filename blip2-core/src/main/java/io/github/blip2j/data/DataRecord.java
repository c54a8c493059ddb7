package io.github.blip2j.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An image with what a data set says about it: captions, a question with answers, or the input and
 * output of a language model. A test set has none of them, or a question alone.
 *
 * @param image the image
 * @param captions texts about the image; may be none
 * @param question a question about it, or null
 * @param dialogue input and output text of a language model, or null
 */
public record DataRecord(
    ImageReference image,
    List<String> captions,
    @Nullable Question question,
    CaptionRecord.@Nullable Dialogue dialogue) {

  /** Copies the captions. */
  public DataRecord {
    captions = List.copyOf(captions);
  }

  /** An image with captions only. */
  public DataRecord(ImageReference image, List<String> captions) {
    this(image, captions, null, null);
  }

  /** This record with another image. */
  public DataRecord withImage(ImageReference newImage) {
    return new DataRecord(newImage, captions, question, dialogue);
  }

  /**
   * The records with all captions of an image in one, in the order of the images: what metrics of
   * captions compare with. Images are the same if they have the same path and id. Records with a
   * question or dialogue stay as they are.
   */
  public static List<DataRecord> byImage(List<DataRecord> records) {
    Map<Object, DataRecord> gathered = new LinkedHashMap<>();
    for (DataRecord each : records) {
      boolean alone = each.question != null || each.dialogue != null;
      gathered.merge(alone ? new Object() : each.image, each, DataRecord::joined);
    }
    return List.copyOf(gathered.values());
  }

  private DataRecord joined(DataRecord other) {
    List<String> all = new ArrayList<>(captions);
    all.addAll(other.captions);
    return new DataRecord(image, all, question, dialogue);
  }
}
