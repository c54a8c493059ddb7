package io.github.blip2j.search;

import io.github.blip2j.io.file.Sha256;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A closer look at the best photos of a search, each together with the text. */
final class Reranking {
  /**
   * Without a limit of pixels of its own: the content is that which an update accepted, under the
   * limit it was given.
   */
  private static final ImageDecoder DECODER =
      new ImageDecoder().withMaxPixels(Long.MAX_VALUE).withExifRotation(true);

  private final String text;
  private final ImageEmbedder embedder;

  Reranking(String text, ImageEmbedder embedder) {
    this.text = text;
    this.embedder = embedder;
  }

  /**
   * The photos in the order of their scores, and behind them those that are gone or changed.
   *
   * @throws IOException if one is there as it was indexed, and cannot be read
   */
  List<PhotoHit> of(List<PhotoHit> hits) throws IOException {
    List<PhotoHit> looked = new ArrayList<>();
    List<PhotoHit> others = new ArrayList<>();
    for (PhotoHit hit : hits) {
      @Nullable Image image = image(hit.photo());
      if (image == null) {
        others.add(hit);
      } else {
        looked.add(hit.with(embedder.match(image, text)));
      }
    }
    looked.sort(Comparator.comparingDouble(hit -> -hit.score()));
    looked.addAll(others);
    return looked;
  }

  /** The photo as it was indexed, or null if it is gone or changed. */
  private static @Nullable Image image(Photo photo) throws IOException {
    if (photo.state() != PhotoState.PRESENT) {
      return null;
    }
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(photo.path());
    } catch (IOException e) {
      if (photo.state() != PhotoState.PRESENT) { // since
        return null;
      }
      throw new IOException(
          photo.name()
              + ": readable image expected, got "
              + PhotoReader.fault(e)
              + "; index again, or search without another look (rerank 0)",
          e);
    }
    return Sha256.hex(bytes).equals(photo.sha256()) ? DECODER.decode(bytes, photo.name()) : null;
  }
}
