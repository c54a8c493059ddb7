package io.github.blip2j.bench.search;

import io.github.blip2j.search.store.IndexModel;
import java.util.SplittableRandom;

/**
 * Vectors as of photos and texts: a photo shows one to four of two thousand things, each of its
 * vectors looks at one of them, and a text is near one.
 */
public final class MadeVectors {
  public static final IndexModel MODEL = new IndexModel("made vectors", "made-1", 32, 256);

  private static final int THINGS = 2000;
  private static final float NOISE_OF_PHOTO = 0.9f; // in lengths of a thing's vector
  private static final float NOISE_OF_TEXT = 0.6f;

  private final float[][] things = new float[THINGS][];

  /** Draws the things. */
  public MadeVectors() {
    var random = new SplittableRandom(1);
    for (int i = 0; i < THINGS; i++) {
      things[i] = noisy(random, new float[MODEL.width()], 1);
    }
  }

  /** The vectors of a photo, [Q P]. */
  public float[] photo(long number) {
    var random = new SplittableRandom(number * 2);
    int shown = 1 + random.nextInt(4);
    int[] of = new int[shown];
    for (int i = 0; i < shown; i++) {
      of[i] = random.nextInt(THINGS);
    }
    float[] vectors = new float[MODEL.numbers()];
    for (int q = 0; q < MODEL.queries(); q++) {
      float[] vector = noisy(random, things[of[random.nextInt(shown)]], NOISE_OF_PHOTO);
      System.arraycopy(vector, 0, vectors, q * MODEL.width(), MODEL.width());
    }
    return vectors;
  }

  /** The vector of a text, [P]. */
  public float[] text(long number) {
    var random = new SplittableRandom(number * 2 + 1);
    return noisy(random, things[random.nextInt(THINGS)], NOISE_OF_TEXT);
  }

  /** A unit vector, of a vector and normal noise of this length. */
  private static float[] noisy(SplittableRandom random, float[] from, float noise) {
    float[] vector = from.clone();
    double squares = 0;
    float step = noise / (float) Math.sqrt(vector.length);
    for (int i = 0; i < vector.length; i++) {
      vector[i] += step * normal(random);
      squares += vector[i] * vector[i];
    }
    float length = (float) Math.sqrt(squares);
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= length;
    }
    return vector;
  }

  /** Nearly normal: the sum of four uniform numbers of 16 bits, with variance 1. */
  private static float normal(SplittableRandom random) {
    long bits = random.nextLong();
    long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
    return (sum / 65536f - 2) * 1.7320508f;
  }
}
