package io.github.blip2j.vision.image;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The settings of an image processor, the content of {@code preprocessor_config.json}.
 *
 * @param stretchedTo the size that the whole image is stretched to, or null
 * @param shortestEdge the length that its shorter side is resized to, in proportion, or null; not
 *     both
 * @param croppedTo the size of the centre crop, or null
 * @param resampling the filter of resizing
 * @param rescaleFactor the factor of the levels 0 to 255
 * @param mean then subtracted from red, green and blue
 * @param std the divisor after that
 */
public record ImageProcessorConfig(
    @Nullable ImageSize stretchedTo,
    @Nullable Integer shortestEdge,
    @Nullable ImageSize croppedTo,
    Resampling resampling,
    double rescaleFactor,
    List<Double> mean,
    List<Double> std) {

  static final List<Double> CLIP_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);
  static final List<Double> HALF = List.of(0.5, 0.5, 0.5);
  static final List<Double> CLIP_STD = List.of(0.26862954, 0.26130258, 0.27577711);

  /**
   * Checks that every result has the same size and that no division is by zero.
   *
   * @throws IllegalArgumentException if not
   */
  public ImageProcessorConfig {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    require(
        stretchedTo == null || shortestEdge == null,
        "size expected height and width or shortest_edge, got both");
    require(
        stretchedTo != null || croppedTo != null,
        "do_resize to height and width or do_center_crop expected, got neither; images would"
            + " keep sizes of their own");
    require(
        shortestEdge == null || shortestEdge > 0,
        "shortest_edge expected 1 or more, got " + shortestEdge);
    require(
        Double.isFinite(rescaleFactor) && rescaleFactor != 0,
        "rescale_factor expected a number other than 0, got " + rescaleFactor);
    require(mean.size() == 3, "image_mean expected 3 numbers, got " + mean);
    require(
        std.size() == 3 && std.stream().allMatch(value -> value > 0),
        "image_std expected 3 positive numbers, got " + std);
  }

  /** Bicubic resizing to a square, and CLIP's normalisation. */
  public static ImageProcessorConfig blip2(int size) {
    return new ImageProcessorConfig(
        ImageSize.square(size), null, null, Resampling.BICUBIC, 1 / 255.0, CLIP_MEAN, CLIP_STD);
  }

  /** Bicubic resizing to a square, and SigLIP's normalisation to -1..1. */
  public static ImageProcessorConfig siglip(int size) {
    return new ImageProcessorConfig(
        ImageSize.square(size), null, null, Resampling.BICUBIC, 1 / 255.0, HALF, HALF);
  }

  /**
   * Reads the settings in a model's folder.
   *
   * @throws io.github.blip2j.io.file.CheckpointException if the file is missing or contradicts
   *     itself
   */
  public static ImageProcessorConfig load(Path folder) throws IOException {
    return ImageProcessorJson.load(folder);
  }

  /** The content of a {@code preprocessor_config.json} with all of these settings. */
  public JsonObject toJson() {
    return ImageProcessorJson.write(this);
  }

  /**
   * This configuration for images of another size. With a center crop, the shorter side is resized
   * to the longer side of the crop.
   */
  public ImageProcessorConfig withSize(ImageSize size) {
    boolean cropped = croppedTo != null;
    return new ImageProcessorConfig(
        stretchedTo == null ? null : size,
        shortestEdge == null ? null : Integer.valueOf(Math.max(size.height(), size.width())),
        cropped ? size : null,
        resampling,
        rescaleFactor,
        mean,
        std);
  }

  /** This configuration for images that are cropped already: they are stretched to the size. */
  public ImageProcessorConfig withoutCrop() {
    return new ImageProcessorConfig(size(), null, null, resampling, rescaleFactor, mean, std);
  }

  /** The size of every result. */
  public ImageSize size() {
    if (croppedTo != null) {
      return croppedTo;
    }
    if (stretchedTo == null) {
      throw new AssertionError("ImageProcessorConfig: size expected, got none");
    }
    return stretchedTo;
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException("ImageProcessorConfig: " + message);
    }
  }
}
