package io.github.blip2j.qformer.retrieval;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.Backend;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * The first step: the similarity of every image with every text, block by block. Each similarity is
 * offered to the candidates of both and not stored.
 *
 * <pre>{@code
 * I images and T texts of a block, Q queries, P compared width
 * }</pre>
 */
final class Comparison {
  private static final int IMAGES_AT_ONCE = 16;
  private static final int TEXTS_AT_ONCE = 4096; // with 32 queries, 8 MiB of products

  private final List<float[]> images;
  private final List<float[]> texts;

  private final List<Candidates> textsOf;
  private final List<Candidates> imagesOf;

  /** Compares these features, for the candidates of each image and of each text. */
  Comparison(
      List<float[]> images,
      List<float[]> texts,
      List<Candidates> textsOf,
      List<Candidates> imagesOf) {
    this.images = images;
    this.texts = texts;
    this.textsOf = textsOf;
    this.imagesOf = imagesOf;
  }

  /** Offers every text to the candidates of every image, and the reverse. */
  void run(Backend backend) {
    for (int t = 0; t < texts.size(); t += TEXTS_AT_ONCE) {
      List<float[]> someTexts = texts.subList(t, Math.min(t + TEXTS_AT_ONCE, texts.size()));
      try (var off = GradMode.noGrad();
          var outer = Scope.open(backend)) {
        int P = someTexts.get(0).length;
        Tensor right = Tensor.of(joined(someTexts), someTexts.size(), P).transpose().copy();
        for (int i = 0; i < images.size(); i += IMAGES_AT_ONCE) {
          List<float[]> someImages = images.subList(i, Math.min(i + IMAGES_AT_ONCE, images.size()));
          try (var block = Scope.open()) {
            int rows = someImages.size() * (someImages.get(0).length / P); // I * Q
            Tensor left = Tensor.of(joined(someImages), rows, P);
            offer(i, someImages.size(), t, left.matmul(right).toFloats());
          }
        }
      }
    }
  }

  /** Offers a block, {@code products} [I * Q, T], that starts at this image and text. */
  private void offer(int firstImage, int I, int firstText, float[] products) {
    int T = Math.min(TEXTS_AT_ONCE, texts.size() - firstText);
    int Q = products.length / I / T;
    float[] largest = new float[T];
    for (int i = 0; i < I; i++) {
      Arrays.fill(largest, Float.NEGATIVE_INFINITY);
      for (int q = 0; q < Q; q++) {
        int row = (i * Q + q) * T;
        for (int t = 0; t < T; t++) {
          largest[t] = Math.max(largest[t], products[row + t]);
        }
      }
      for (int t = 0; t < T; t++) {
        textsOf.get(firstImage + i).offer(firstText + t, largest[t]);
        imagesOf.get(firstText + t).offer(firstImage + i, largest[t]);
      }
    }
  }

  /** Rows one after the other. */
  static float[] joined(List<float[]> rows) {
    int width = rows.get(0).length;
    float[] all = new float[rows.size() * width];
    for (int row = 0; row < rows.size(); row++) {
      System.arraycopy(rows.get(row), 0, all, row * width, width);
    }
    return all;
  }
}
