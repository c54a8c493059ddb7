package io.github.blip2j.vision.image;

import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Converts images to pixel values for a vision model: resize, rescale to 0..1, normalise (BLIP's
 * {@code blip_image_eval}; {@code BlipImageProcessor} on Pillow). Immutable and safe for many
 * threads.
 *
 * <pre>{@code
 * Image   any size, levels 0 to 255
 * pixels  [3, H, W], row by row, red first
 * }</pre>
 */
public final class ImageProcessor {
  private static final int LEVELS = 256;

  private final ImageProcessorConfig config;
  private final ImageDecoder decoder;

  /** A processor without rotation by EXIF data, as in the references. */
  public ImageProcessor(ImageProcessorConfig config) {
    this(config, new ImageDecoder());
  }

  private ImageProcessor(ImageProcessorConfig config, ImageDecoder decoder) {
    this.config = config;
    this.decoder = decoder;
  }

  /** A processor for square images, with the settings of all BLIP-2 checkpoints. */
  public static ImageProcessor blip2(int size) {
    return new ImageProcessor(ImageProcessorConfig.blip2(size));
  }

  /** Whether a model's folder has image processor settings. */
  public static boolean isToldIn(Path folder) throws IOException {
    return ImageProcessorJson.isIn(folder);
  }

  /**
   * The processor of a model's folder: the settings under {@code image_processor} in {@code
   * processor_config.json}, where transformers 5 writes them, or else in {@code
   * preprocessor_config.json}. Missing settings are BLIP's or, for a {@code CLIPImageProcessor},
   * CLIP's.
   *
   * @throws io.github.blip2j.io.file.CheckpointException if there are no settings, or they
   *     contradict each other
   */
  public static ImageProcessor load(Path folder) throws IOException {
    return new ImageProcessor(ImageProcessorConfig.load(folder));
  }

  /**
   * This processor for another image size, for a model at a resolution that it was not trained for.
   */
  public ImageProcessor withSize(int height, int width) {
    return new ImageProcessor(config.withSize(new ImageSize(height, width)), decoder);
  }

  /** This processor, with or without rotation by EXIF data in {@link #read}. */
  public ImageProcessor withExifRotation(boolean exifRotation) {
    return new ImageProcessor(config, decoder.withExifRotation(exifRotation));
  }

  /** The settings. */
  public ImageProcessorConfig config() {
    return config;
  }

  /** The size of every result. */
  public ImageSize size() {
    return config.size();
  }

  /**
   * Reads an image file; see {@link ImageDecoder#decode(Path)}.
   *
   * @throws UnreadableImageException if there is no such file or it is no complete image
   */
  public Image read(Path file) throws IOException {
    return decoder.decode(file);
  }

  /**
   * Reads an image file held in memory; see {@link ImageDecoder#decode(byte[], String)}.
   *
   * @param name what to call it in error messages
   * @throws UnreadableImageException if it is no complete image
   */
  public Image decode(byte[] file, String name) throws IOException {
    return decoder.decode(file, name);
  }

  /** The image resized and cropped, still in 8 bits. */
  public Image fit(Image image) {
    Image fitted = image;
    ImageSize stretchedTo = config.stretchedTo();
    Integer shortestEdge = config.shortestEdge();
    if (stretchedTo != null) {
      fitted = image.resize(stretchedTo.width(), stretchedTo.height(), config.resampling());
    } else if (shortestEdge != null) {
      int shorter = Math.min(image.width(), image.height());
      // Hugging Face truncates the longer side.
      int width = (int) ((double) shortestEdge * image.width() / shorter);
      int height = (int) ((double) shortestEdge * image.height() / shorter);
      fitted = image.resize(width, height, config.resampling());
    }
    ImageSize crop = config.croppedTo();
    if (crop == null) {
      return fitted;
    }
    int left = Math.floorDiv(fitted.width() - crop.width(), 2);
    int top = Math.floorDiv(fitted.height() - crop.height(), 2);
    return fitted.crop(left, top, crop.width(), crop.height());
  }

  /**
   * The pixel values of an image.
   *
   * @return {@code [3, H, W]}
   */
  public float[] pixels(Image image) {
    return normalized(fit(image));
  }

  private float[] normalized(Image fitted) {
    byte[] samples = fitted.samples();
    int plane = samples.length / Image.CHANNELS;
    float[] pixels = new float[samples.length];
    for (int channel = 0; channel < Image.CHANNELS; channel++) {
      float[] values = values(channel);
      int target = channel * plane;
      for (int s = channel; s < samples.length; s += Image.CHANNELS) {
        pixels[target++] = values[samples[s] & 0xFF];
      }
    }
    return pixels;
  }

  /**
   * A batch of images as input of a vision transformer.
   *
   * @return [B, 3, H, W], float32
   */
  public Tensor tensor(List<Image> images) {
    return normalize(images.stream().map(this::fit).toList());
  }

  /**
   * The second half of {@link #tensor}: a batch of images that {@link #fit} has resized, on another
   * thread for example.
   *
   * @return [B, 3, H, W], float32
   * @throws IllegalArgumentException if an image has another size
   */
  public Tensor normalize(List<Image> fitted) {
    List<Tensor> batch = new ArrayList<>();
    for (Image image : fitted) {
      batch.add(Tensor.of(normalized(image), 1, Image.CHANNELS, size().height(), size().width()));
    }
    return Tensor.concat(0, batch);
  }

  /** The value of each of the 256 levels, rounded to float32 where the reference rounds. */
  private float[] values(int channel) {
    float mean = config.mean().get(channel).floatValue();
    float std = config.std().get(channel).floatValue();
    float[] values = new float[LEVELS];
    for (int level = 0; level < LEVELS; level++) {
      values[level] = ((float) (level * config.rescaleFactor()) - mean) / std;
    }
    return values;
  }
}
