package io.github.blip2j.pretraining;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.training.Batch;
import java.util.List;
import java.util.Locale;

/**
 * A batch of images with one caption for each.
 *
 * @param pixels [B, 3, H, W], or a frozen vision encoder's stored output [B, N, E], in the open
 *     scope
 * @param captions B texts, as they are tokenised
 * @param ids names of the pairs in messages, B
 * @param imageIds ids of the images, equal for pairs of one image, B, or none if all differ
 * @param inputs the language model's input before each caption, B, or none
 */
public record CaptionBatch(
    Tensor pixels,
    List<String> captions,
    List<String> ids,
    List<String> imageIds,
    List<String> inputs)
    implements Batch {
  /** Checks that there is one caption, id and input for every image. */
  public CaptionBatch {
    captions = List.copyOf(captions);
    ids = List.copyOf(ids);
    imageIds = List.copyOf(imageIds);
    inputs = List.copyOf(inputs);
    if (pixels.rank() == 3) {
      pixels.shape().require("captions", "features", captions.size(), Shape.ANY, Shape.ANY);
    } else {
      pixels
          .shape()
          .require("captions", "pixels", captions.size(), Shape.ANY, Shape.ANY, Shape.ANY);
    }
    boolean counted = imageIds.isEmpty() || imageIds.size() == captions.size();
    if (ids.size() != captions.size() || !counted) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "captions: ids and imageIds expected for %d captions, got %d and %d",
              captions.size(),
              ids.size(),
              imageIds.size()));
    }
    if (!inputs.isEmpty() && inputs.size() != captions.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "captions: inputs expected for %d captions, got %d",
              captions.size(),
              inputs.size()));
    }
  }

  /** A batch without inputs. */
  public CaptionBatch(
      Tensor pixels, List<String> captions, List<String> ids, List<String> imageIds) {
    this(pixels, captions, ids, imageIds, List.of());
  }

  /** Whether there is the vision encoder's output in place of pixels. */
  public boolean isEncoded() {
    return pixels.rank() == 3;
  }

  /** The input before a caption; empty if there is none. */
  String input(int row) {
    return inputs.isEmpty() ? "" : inputs.get(row);
  }
}
