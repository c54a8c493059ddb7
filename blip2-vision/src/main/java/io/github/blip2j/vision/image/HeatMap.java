package io.github.blip2j.vision.image;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.awt.image.BufferedImage;

/**
 * Relevance of patches drawn over an image, as BLIP draws its attention maps ({@code getAttMap} in
 * LAVIS).
 *
 * <p>The map is normalised to 0..1, stretched over the image by a cubic spline, blurred by two
 * percent of the longer side, and normalised again. With {@code m} its value at a pixel, the
 * drawing is {@code image (1 - m^0.7) + jet(m) m^0.7}. If all patches are equal, the drawing is the
 * image.
 */
public final class HeatMap {
  private static final double BLUR = 0.02;
  private static final double OPACITY = 0.7;
  private static final double LEVELS = 255;

  private final Plane patches;

  private HeatMap(Plane patches) {
    this.patches = patches;
  }

  /**
   * A map of finite numbers; only their differences count.
   *
   * @param patches [rows, columns]
   * @throws IllegalArgumentException if a number is NaN or infinite
   */
  public static HeatMap of(Tensor patches) {
    patches.shape().require("heat map", "patches", Shape.ANY, Shape.ANY);
    double[] values = patches.toDoubles();
    for (double value : values) {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException("heat map: patches expected finite, got " + value);
      }
    }
    if (values.length == 0) {
      throw new IllegalArgumentException(
          "heat map: patches expected at least one, got " + patches.shape());
    }
    return new HeatMap(new Plane(Math.toIntExact(patches.dim(1)), values).normalised());
  }

  /** The map drawn over the image it was computed from, at the image's size. */
  public Image over(Image image) {
    Plane map = stretched(image.width(), image.height());
    byte[] samples = Image.newSamples(image.width(), image.height());
    int t = 0;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        double m = map.at(x, y);
        int rgb = image.rgb(x, y);
        samples[t++] = mixed(rgb >> 16, Jet.red(m), m);
        samples[t++] = mixed(rgb >> 8, Jet.green(m), m);
        samples[t++] = mixed(rgb, Jet.blue(m), m);
      }
    }
    return Image.wrap(image.width(), image.height(), samples);
  }

  /**
   * The map without an image: its colours, and its opacity as alpha. Drawn over the image it was
   * computed from, it gives {@link #over}.
   *
   * @return as {@link BufferedImage#TYPE_INT_ARGB}
   */
  public BufferedImage alone(int width, int height) {
    Plane map = stretched(width, height);
    var drawing = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double m = map.at(x, y);
        int rgb = level(Jet.red(m)) << 16 | level(Jet.green(m)) << 8 | level(Jet.blue(m));
        drawing.setRGB(x, y, level(Math.pow(m, OPACITY)) << 24 | rgb);
      }
    }
    return drawing;
  }

  /** The map at this size, in 0..1. */
  Plane stretched(int width, int height) {
    Plane spline =
        patches
            .filtered(row -> CubicSpline.resize(row, width), c -> CubicSpline.resize(c, height))
            .clipped(); // a spline overshoots
    var blur = new GaussianBlur(BLUR * Math.max(width, height));
    return spline.filtered(blur::blur, blur::blur).normalised();
  }

  private static int level(double part) {
    return (int) Math.round(LEVELS * part);
  }

  private static byte mixed(int level, double colour, double m) {
    double opacity = Math.pow(m, OPACITY);
    return (byte) Math.round((level & 0xFF) * (1 - opacity) + LEVELS * colour * opacity);
  }
}
