package io.github.blip2j.lucene;

import com.sun.management.OperatingSystemMXBean;
import io.github.blip2j.bench.search.MadeVectors;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.search.CandidateSource;
import io.github.blip2j.search.ImageEmbedder;
import io.github.blip2j.search.IndexListener;
import io.github.blip2j.search.PhotoHit;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.PhotoQuery;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Measures the graph against scans of the same made photos, which {@code SearchScan INDEX make
 * PHOTOS} has written: CPU time of the update and of searches, and recall of the ten best.
 *
 * <pre>{@code
 * LuceneSearches INDEX LUCENE TEXTS
 * }</pre>
 */
public final class LuceneSearches implements ImageEmbedder {
  private static final int TOP = 10;
  private static final int WARM_UP = 50;
  private static final int[] COUNTS = {10, 50, 256};

  private final MadeVectors made = new MadeVectors();
  private final PrintStream out;

  private LuceneSearches(PrintStream out) {
    this.out = out;
  }

  /** Runs the measurement. */
  public static void main(String[] args) throws IOException {
    if (args.length != 3) {
      throw new IllegalArgumentException("usage: LuceneSearches INDEX LUCENE TEXTS");
    }
    var searches = new LuceneSearches(System.out);
    PhotoIndex photos = PhotoIndex.open(Path.of(args[0]), MadeVectors.MODEL);
    try (var lucene = LuceneIndex.openOrCreate(Path.of(args[1]), MadeVectors.MODEL)) {
      searches.update(photos, lucene, Path.of(args[1]));
      searches.measure(photos, lucene, Integer.parseInt(args[2]));
    }
  }

  private void update(PhotoIndex photos, LuceneIndex lucene, Path folder) throws IOException {
    double before = cpuMilliseconds();
    LuceneUpdate update = lucene.update(photos, IndexListener.NONE);
    double milliseconds = cpuMilliseconds() - before;
    long size = 0;
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        size += Files.size(file);
      }
    }
    out.printf(
        Locale.ROOT,
        "%s: %.0f ms of CPU for each new photo, %d MB%n",
        update,
        milliseconds / Math.max(1, update.added()),
        size / 1_000_000);
  }

  private void measure(PhotoIndex photos, LuceneIndex lucene, int texts) throws IOException {
    List<Set<String>> best = new ArrayList<>();
    double scan = 0;
    for (int way = 0; way < COUNTS.length + 2; way++) {
      for (int text = 0; text < WARM_UP; text++) { // maps pages and compiles
        search(photos, way, lucene, texts + text);
      }
      List<Set<String>> found = new ArrayList<>();
      double before = cpuMilliseconds();
      for (int text = 0; text < texts; text++) {
        found.add(search(photos, way, lucene, text));
      }
      double time = (cpuMilliseconds() - before) / texts;
      if (way == 0) {
        best = found;
        scan = time;
      }
      int right = 0;
      for (int text = 0; text < texts; text++) {
        found.get(text).retainAll(best.get(text));
        right += found.get(text).size();
      }
      out.printf(
          Locale.ROOT,
          "%s: recall at %d %.3f, %.2f ms of CPU, ratio %.2f%n",
          way == 0
              ? "scan in float32"
              : way == 1 ? "scan in bytes" : "graph, " + COUNTS[way - 2] + " candidates",
          TOP,
          right / (double) (TOP * texts),
          time,
          time / scan);
    }
  }

  /** The names of the best for a text. */
  private Set<String> search(PhotoIndex photos, int way, LuceneIndex lucene, int text)
      throws IOException {
    PhotoQuery query = PhotoQuery.text(String.valueOf(text)).top(TOP);
    List<PhotoHit> hits =
        way == 0
            ? photos.search(query.exact(), this)
            : photos.search(query, this, source(way, lucene));
    Set<String> names = new HashSet<>();
    hits.forEach(hit -> names.add(hit.photo().name()));
    return names;
  }

  private static CandidateSource source(int way, LuceneIndex lucene) {
    return way == 1
        ? CandidateSource.SCAN
        : (photos, text, count, accepted) ->
            lucene.candidates(photos, text, COUNTS[way - 2], accepted);
  }

  /** Of all threads of this process, so that other work on the machine does not count. */
  private static double cpuMilliseconds() {
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return system.getProcessCpuTime() / 1e6;
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
