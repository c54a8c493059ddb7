package io.github.blip2j.search;

import io.github.blip2j.vision.image.ImageDecoder;
import java.util.Locale;

/**
 * How an index is updated.
 *
 * @param threads that read and decode files while the model works
 * @param maxPixels of an image; larger ones are left out
 * @param followLinks whether links to files and folders are followed
 * @param allowEmpty whether a folder whose images are all gone empties the index, rather than being
 *     taken for a disk that is not there
 */
public record IndexOptions(int threads, long maxPixels, boolean followLinks, boolean allowEmpty) {
  /** Checks the numbers. */
  public IndexOptions {
    if (threads < 1 || maxPixels < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "index: threads and maxPixels expected 1 or more, got %d and %d",
              threads,
              maxPixels));
    }
  }

  /** A thread for each core, images of up to 178 million pixels, no links. */
  public static IndexOptions defaults() {
    return new IndexOptions(
        Runtime.getRuntime().availableProcessors(), ImageDecoder.DEFAULT_MAX_PIXELS, false, false);
  }

  /** With another number of threads that read and decode. */
  public IndexOptions withThreads(int newThreads) {
    return new IndexOptions(newThreads, maxPixels, followLinks, allowEmpty);
  }

  /** With another limit of pixels. */
  public IndexOptions withMaxPixels(long newMaxPixels) {
    return new IndexOptions(threads, newMaxPixels, followLinks, allowEmpty);
  }

  /** With links followed; each folder is entered once. */
  public IndexOptions followingLinks() {
    return new IndexOptions(threads, maxPixels, true, allowEmpty);
  }

  /** With a folder without images accepted. */
  public IndexOptions allowingEmpty() {
    return new IndexOptions(threads, maxPixels, followLinks, true);
  }

  ImageDecoder decoder() {
    return new ImageDecoder().withMaxPixels(maxPixels).withExifRotation(true);
  }
}
