package io.github.blip2j.vision.image;

/**
 * Blurs a line of samples with a normal distribution, truncated at four deviations; the line is
 * mirrored at its ends. Equal to {@code scipy.ndimage.gaussian_filter1d}.
 */
final class GaussianBlur {
  private static final double REACH = 4;

  private final double[] weights; // from the centre outwards

  GaussianBlur(double deviation) {
    weights = new double[(int) (REACH * deviation + 0.5) + 1];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i == 0 ? 1 : Math.exp(-0.5 * i * i / (deviation * deviation));
      sum += i == 0 ? 1 : 2 * weights[i];
    }
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= sum;
    }
  }

  double[] blur(double[] line) {
    double[] result = new double[line.length];
    for (int i = 0; i < line.length; i++) {
      result[i] = weights[0] * line[i];
      for (int d = 1; d < weights.length; d++) {
        result[i] += weights[d] * (mirrored(line, i - d) + mirrored(line, i + d));
      }
    }
    return result;
  }

  private static double mirrored(double[] line, int index) {
    int within = Math.floorMod(index, 2 * line.length);
    return line[Math.min(within, 2 * line.length - 1 - within)];
  }
}
