package io.github.blip2j.qformer.objective;

import io.github.blip2j.tensor.Tensor;
import java.util.List;

/**
 * Similarities of the images and texts of a batch, divided by the temperature.
 *
 * <pre>{@code
 * B own pairs, W all pairs they are compared with, Q queries, P compared width
 * }</pre>
 *
 * @param imageToText [B, W], row b for own image b
 * @param textToImage [B, W], row b for own text b
 */
public record Similarities(Tensor imageToText, Tensor textToImage) {
  /**
   * Similarities of own features to all; an image's similarity is that of its most similar query
   * (section 3.1).
   *
   * @param temperature a scalar
   */
  public static Similarities of(Features own, Features all, Tensor temperature) {
    long B = own.texts().dim(0);
    long W = all.texts().dim(0);
    long Q = own.images().dim(1);
    long P = own.images().dim(2);
    Tensor images = own.images().reshape(B * Q, P);
    Tensor toTexts = images.matmul(all.texts().transpose()).reshape(B, Q, W);
    Tensor allImages = all.images().reshape(W * Q, P);
    Tensor toImages = own.texts().matmul(allImages.transpose()).reshape(B, W, Q);
    return new Similarities(
        largest(toTexts.transpose(1, 2)).div(temperature), largest(toImages).div(temperature));
  }

  /** The maximum of the last axis, [B, W, Q] to [B, W]; the gradient goes to the first maximum. */
  private static Tensor largest(Tensor x) {
    long B = x.dim(0);
    long W = x.dim(1);
    int Q = Math.toIntExact(x.dim(2));
    Tensor dense = x.copy();
    double[] values = dense.detach().toDoubles();
    long[] places = new long[Math.toIntExact(B * W)];
    for (int row = 0; row < places.length; row++) {
      int best = row * Q;
      for (int at = best + 1; at < (row + 1) * Q; at++) {
        if (values[at] > values[best]) {
          best = at;
        }
      }
      places[row] = best;
    }
    Tensor column = dense.reshape(B * W * Q, 1);
    return column.gather(Tensor.of(places, places.length)).reshape(B, W);
  }

  /** Both directions. */
  List<Tensor> directions() {
    return List.of(imageToText, textToImage);
  }
}
