package io.github.blip2j.search;

import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.Resampling;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Vectors without a model: each query looks at the colour of a quarter of the image. A text of six
 * hexadecimal digits is a colour.
 */
final class FakeEmbedder implements ImageEmbedder {
  static final int QUERIES = 4;
  static final int WIDTH = 16;

  final AtomicInteger embedded = new AtomicInteger();
  private final IndexModel model;

  FakeEmbedder() {
    this("0123456789abcdef");
  }

  FakeEmbedder(String digest) {
    this.model = new IndexModel("fake", digest, QUERIES, WIDTH);
  }

  @Override
  public IndexModel model() {
    return model;
  }

  @Override
  public Image fit(Image image) {
    return image.resize(2, 2, Resampling.BOX);
  }

  @Override
  public List<float[]> embed(List<Image> fitted) {
    List<float[]> all = new ArrayList<>();
    for (Image image : fitted) {
      float[] vectors = new float[QUERIES * WIDTH];
      for (int q = 0; q < QUERIES; q++) {
        float[] vector = ofColour(image.rgb(q % 2, q / 2));
        System.arraycopy(vector, 0, vectors, q * WIDTH, WIDTH);
      }
      all.add(vectors);
      embedded.incrementAndGet();
    }
    return all;
  }

  @Override
  public float[] embed(String text) {
    return ofColour(Integer.parseInt(text, 16));
  }

  @Override
  public Match match(Image image, String text) {
    return Match.of(0, 0, (image.rgb(0, 0) & 0xff) / 255.0); // the bluer the better
  }

  /** A smooth function of the colour, on the unit sphere. */
  private static float[] ofColour(int rgb) {
    var random = new Random(3);
    double[] vector = new double[WIDTH];
    double squares = 0;
    for (int i = 0; i < WIDTH; i++) {
      double sum = random.nextGaussian();
      for (int shift = 0; shift < 24; shift += 8) {
        sum += random.nextGaussian() * (((rgb >>> shift) & 0xff) / 255.0 - 0.5) * 4;
      }
      vector[i] = sum;
      squares += sum * sum;
    }
    float[] unit = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      unit[i] = (float) (vector[i] / Math.sqrt(squares));
    }
    return unit;
  }
}
