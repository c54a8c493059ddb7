package io.github.blip2j.examples;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.qformer.retrieval.Ranking;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Finds images by a description: {@code SearchImages MODEL FOLDER TEXT}. */
public final class SearchImages {
  private static final int COMPARED = 16; // candidates of the matching step

  private SearchImages() {}

  /** Prints the names of the images in a folder that match a text best, best first. */
  public static void main(String[] args) throws IOException {
    List<Path> files;
    try (var found = Files.list(Path.of(args[1]))) {
      files = found.sorted().toList();
    }
    try (var matcher = ImageTextMatcher.load(Path.of(args[0]));
        var index = matcher.index()) {
      for (Path file : files) {
        index.addImage(matcher.read(file));
      }
      Ranking ranking = index.search(args[2], COMPARED);
      for (int place = 0; place < Math.min(3, ranking.size()); place++) {
        Path file = files.get(ranking.id(place));
        System.out.printf(Locale.ROOT, "%.3f %s%n", ranking.score(place), file.getFileName());
      }
    }
  }
}
