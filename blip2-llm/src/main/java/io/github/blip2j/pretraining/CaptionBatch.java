package io.github.blip2j.pretraining;

import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.training.Batch;
import java.util.List;

/**
 * Pictures and a caption of each.
 *
 * @param pixels [B, 3, H, W], in the open scope
 * @param captions B texts, as they are tokenised
 * @param ids what messages call the pairs, B
 * @param imageIds what tells pairs of one picture, B, or none where each has its own
 */
public record CaptionBatch(
    Tensor pixels, List<String> captions, List<String> ids, List<String> imageIds)
    implements Batch {
  /** Checks that there is one of each for every picture. */
  public CaptionBatch {
    captions = List.copyOf(captions);
    ids = List.copyOf(ids);
    imageIds = List.copyOf(imageIds);
    pixels.shape().require("stage1", "pixels", captions.size(), Shape.ANY, Shape.ANY, Shape.ANY);
    boolean counted = imageIds.isEmpty() || imageIds.size() == captions.size();
    if (ids.size() != captions.size() || !counted) {
      throw new IllegalArgumentException(
          "stage1: ids and imageIds expected for %d captions, got %d and %d"
              .formatted(captions.size(), ids.size(), imageIds.size()));
    }
  }
}
