package io.github.blip2j.lucene;

import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.search.ImageEmbedder;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.store.Catalog;
import io.github.blip2j.search.store.IndexFolder;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.search.store.IndexedFile;
import io.github.blip2j.search.store.SegmentWriter;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * An index of photos with made vectors, and texts near them. Photo {@code n} is the file {@code
 * /p/(n mod 10)/n.jpg} of the second {@code n} since 1970.
 */
final class MadePhotos implements ImageEmbedder {
  static final IndexModel MODEL = new IndexModel("made", "0123456789abcdef", 8, 32);

  private static final int THINGS = 50;

  private final IndexFolder folder;
  private final long seed;
  private final TreeMap<Integer, Integer> segments = new TreeMap<>();
  private final List<IndexedFile> files = new ArrayList<>();

  MadePhotos(Path path, long seed) throws IOException {
    this.folder = new IndexFolder(path);
    this.seed = seed;
    folder.make();
    write();
  }

  /** Adds photos in a segment of their own. */
  MadePhotos add(int from, int to) throws IOException {
    int number = segments.size() + 1;
    try (SegmentWriter segment = folder.segment(number, MODEL)) {
      for (int photo = from; photo < to; photo++) {
        String path = "/p/" + photo % 10 + "/" + photo + ".jpg";
        files.add(
            IndexedFile.unplaced(path, 1, photo * 1_000_000_000L)
                .withContent("content-" + photo, IndexedFile.UNKNOWN)
                .in(number, segment.add(photo(photo))));
      }
      segment.publish();
    }
    segments.put(number, to - from);
    write();
    return this;
  }

  /** Removes files; their rows stay. */
  void remove(IntPredicate photos) throws IOException {
    files.removeIf(file -> photos.test((int) (file.modified() / 1_000_000_000L)));
    write();
  }

  private void write() throws IOException {
    List<IndexedFile> sorted = new ArrayList<>(files);
    sorted.sort(Comparator.comparing(IndexedFile::path));
    folder.replace(Catalog.empty(MODEL).with(segments, sorted));
  }

  PhotoIndex open() throws IOException {
    return PhotoIndex.open(folder.path(), MODEL);
  }

  /** The vectors of a photo, each near one of two things. */
  float[] photo(int number) {
    var random = new SplittableRandom(seed + 2L * number);
    int[] shown = {random.nextInt(THINGS), random.nextInt(THINGS)};
    float[] vectors = new float[MODEL.numbers()];
    for (int q = 0; q < MODEL.queries(); q++) {
      float[] vector = near(shown[q % 2], random);
      System.arraycopy(vector, 0, vectors, q * MODEL.width(), MODEL.width());
    }
    return vectors;
  }

  /** A text near a thing. */
  @Override
  public float[] embed(String text) {
    var random = new SplittableRandom(seed + 2 * Long.parseLong(text) + 1);
    return near(random.nextInt(THINGS), random);
  }

  private static float[] near(int thing, SplittableRandom noise) {
    var random = new SplittableRandom(thing);
    double[] vector = new double[MODEL.width()];
    double squares = 0;
    for (int i = 0; i < vector.length; i++) {
      vector[i] = random.nextDouble(-1, 1) + noise.nextDouble(-0.7, 0.7);
      squares += vector[i] * vector[i];
    }
    float[] unit = new float[vector.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (vector[i] / Math.sqrt(squares));
    }
    return unit;
  }

  @Override
  public IndexModel model() {
    return MODEL;
  }

  @Override
  public Image fit(Image image) {
    throw new AssertionError("texts only");
  }

  @Override
  public List<float[]> embed(List<Image> fitted) {
    throw new AssertionError("texts only");
  }

  @Override
  public Match match(Image image, String text) {
    throw new AssertionError("no files");
  }
}
