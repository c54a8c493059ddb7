package io.github.blip2j.qformer.retrieval;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.tensor.Scope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** A process of little heap that ranks many texts, for {@link RetrievalMemoryTest}. */
final class RetrievalProbe {
  private RetrievalProbe() {}

  /** Arguments: images, texts, a folder for the temporary file, and the file for the findings. */
  public static void main(String[] args) throws IOException {
    int images = Integer.parseInt(args[0]);
    int texts = Integer.parseInt(args[1]);
    try (var scope = Scope.open()) {
      var toy = new Toy(scope);
      try (var index = RetrievalIndex.create(toy.model, 0, Path.of(args[2]))) {
        for (int done = 0; done < images; done += 50) {
          try (var step = Scope.open()) {
            index.addImages(toy.images(50));
          }
        }
        index.addTexts(toy.texts(texts));
        Rankings rankings = index.rank(1);
        String findings =
            String.format(
                Locale.ROOT,
                "%d %d %d",
                rankings.texts().size(),
                rankings.images().size(),
                TensorMemory.totalBytes());
        Files.writeString(Path.of(args[3]), findings, StandardCharsets.UTF_8);
      }
    }
  }
}
