package io.github.blip2j.bench.search;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.search.ImageEmbedder;
import io.github.blip2j.search.PhotoHit;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.PhotoQuery;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Time of searches in an index of made vectors, against the time that reading its files takes, and
 * the recall of bytes. All is in the system's page cache.
 *
 * <pre>{@code
 * SearchScan FOLDER make PHOTOS   makes an index of 32 x 256 for each photo, 41 kB each
 * SearchScan FOLDER time ROUNDS   reading and searching in turn; medians, and their ratios
 * SearchScan FOLDER recall TEXTS  how often bytes find the ten best of float32, and all of them
 * }</pre>
 */
public final class SearchScan implements ImageEmbedder {
  private static final int TOP = 10;

  private final MadeVectors made = new MadeVectors();
  private final PrintStream out;

  private SearchScan(PrintStream out) {
    this.out = out;
  }

  /** Runs one kind of measurement. */
  public static void main(String[] args) throws IOException {
    if (args.length != 3) {
      throw new IllegalArgumentException("usage: SearchScan FOLDER make|time|recall NUMBER");
    }
    var scan = new SearchScan(System.out);
    Path folder = Path.of(args[0]);
    int number = Integer.parseInt(args[2]);
    switch (args[1]) {
      case "make" -> new MadeIndex(scan.made).write(folder, number);
      case "time" -> scan.time(folder, number);
      case "recall" -> scan.recall(folder, number);
      default -> throw new IllegalArgumentException("make, time or recall expected");
    }
  }

  private void time(Path folder, int rounds) throws IOException {
    PhotoIndex index = PhotoIndex.open(folder, model());
    out.printf(
        Locale.ROOT,
        "%d photos, %s, %d threads%n",
        index.size(),
        Backend.preferred(),
        Threads.count());
    try (var floats = new FileReading(folder, ".f32");
        var bytes = new FileReading(folder, ".u8")) {
      double[][] times = new double[4][rounds];
      for (int round = -2; round < rounds; round++) { // the first two map pages and compile
        PhotoQuery query = PhotoQuery.text(String.valueOf(round)).top(TOP);
        double[] now = {
          floats.milliseconds(),
          milliseconds(() -> index.search(query.exact(), this)),
          bytes.milliseconds(),
          milliseconds(() -> index.search(query, this))
        };
        for (int i = 0; i < now.length && round >= 0; i++) {
          times[i][round] = now[i];
        }
      }
      report("float32", floats.size(), times[0], times[1]);
      report("int8", bytes.size(), times[2], times[3]);
    }
    long heap = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      heap += pool.getType() == MemoryType.HEAP ? pool.getPeakUsage().getUsed() : 0;
    }
    out.printf(Locale.ROOT, "heap at most %d MB, with garbage%n", heap / 1_000_000);
  }

  private void report(String what, long size, double[] reading, double[] searching) {
    double[] ratios = new double[reading.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = searching[i] / reading[i];
    }
    out.printf(
        Locale.ROOT,
        "%s: %d MB read in %.1f ms (%.1f GB/s; fastest %.1f), searched in %.1f ms (fastest %.1f),"
            + " ratio %.2f%n",
        what,
        size / 1_000_000,
        median(reading),
        size / median(reading) / 1e6,
        fastest(reading),
        median(searching),
        fastest(searching),
        median(ratios));
  }

  private static double fastest(double[] values) {
    return Arrays.stream(values).min().orElse(0);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private void recall(Path folder, int texts) throws IOException {
    PhotoIndex index = PhotoIndex.open(folder, model());
    int whole = 0;
    int found = 0;
    for (int i = 0; i < texts; i++) {
      PhotoQuery query = PhotoQuery.text(String.valueOf(i)).top(TOP);
      Set<String> expected = names(index.search(query.exact(), this));
      Set<String> got = names(index.search(query, this));
      whole += got.equals(expected) ? 1 : 0;
      got.retainAll(expected);
      found += got.size();
    }
    out.printf(
        Locale.ROOT,
        "%d photos, %d texts: all ten best in %.2f %%, recall at 10 %.4f%n",
        index.size(),
        texts,
        100.0 * whole / texts,
        found / (double) (TOP * texts));
  }

  private static Set<String> names(List<PhotoHit> hits) {
    Set<String> names = new HashSet<>();
    hits.forEach(hit -> names.add(hit.photo().name()));
    return names;
  }

  /** Work on files. */
  @FunctionalInterface
  private interface Work {
    Object run() throws IOException;
  }

  private static double milliseconds(Work work) throws IOException {
    long before = System.nanoTime();
    if (work.run() == null) {
      throw new AssertionError("a result expected");
    }
    return (System.nanoTime() - before) / 1e6;
  }

  @Override
  public IndexModel model() {
    return MadeVectors.MODEL;
  }

  @Override
  public float[] embed(String text) {
    return made.text(Long.parseLong(text));
  }

  @Override
  public Image fit(Image image) {
    throw new UnsupportedOperationException("texts only");
  }

  @Override
  public List<float[]> embed(List<Image> fitted) {
    throw new UnsupportedOperationException("texts only");
  }

  @Override
  public Match match(Image image, String text) {
    throw new UnsupportedOperationException("texts only");
  }
}
