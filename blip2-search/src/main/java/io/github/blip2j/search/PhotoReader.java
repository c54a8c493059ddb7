package io.github.blip2j.search;

import io.github.blip2j.io.file.Sha256;
import io.github.blip2j.search.store.IndexedFile;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads files of photos on several threads: hash, date and, of content that is new, the image at
 * the model's size.
 */
final class PhotoReader {
  private static final long MOST_BYTES = 1L << 29; // of a file

  private final ImageEmbedder embedder;
  private final ImageDecoder decoder;
  private final Set<String> known = ConcurrentHashMap.newKeySet(); // hashes
  private final Object alone = new Object();

  /**
   * A reader.
   *
   * @param hashes of content that needs no image
   */
  PhotoReader(ImageEmbedder embedder, ImageDecoder decoder, Set<String> hashes) {
    this.embedder = embedder;
    this.decoder = decoder;
    known.addAll(hashes);
  }

  /**
   * A file that was read.
   *
   * @param fitted null if the content is known, or is being read elsewhere
   * @param failure null if it could be read
   */
  record Read(IndexedFile file, @Nullable Image fitted, @Nullable String failure) {}

  Read read(IndexedFile file) {
    try {
      return decode(file);
    } catch (OutOfMemoryError e) {
      return again(file);
    } catch (IOException | RuntimeException e) {
      return failed(file, e);
    }
  }

  /** Several large images may not fit into the heap together where each does. */
  private Read again(IndexedFile file) {
    synchronized (alone) {
      try {
        return decode(file);
      } catch (OutOfMemoryError e) {
        return new Read(
            file,
            null,
            String.format(
                Locale.ROOT,
                "%s: image expected to fit into the heap of %d MiB, got more; set"
                    + " BLIP2_JAVA_OPTS=-Xmx4g or higher",
                file.path(),
                Runtime.getRuntime().maxMemory() >> 20));
      } catch (IOException | RuntimeException e) {
        return failed(file, e);
      }
    }
  }

  private static Read failed(IndexedFile file, Exception e) {
    @Nullable String message = e instanceof IOException ? e.getMessage() : null;
    return new Read(
        file, null, message == null ? file.path() + ": image expected, got " + e : message);
  }

  private Read decode(IndexedFile file) throws IOException {
    byte[] bytes = bytes(file);
    String hash = Sha256.hex(bytes);
    IndexedFile hashed = file.withContent(hash, PhotoDate.of(bytes));
    if (!known.add(hash)) {
      return new Read(hashed, null, null);
    }
    boolean decoded = false;
    try {
      Image fitted = embedder.fit(decoder.decode(bytes, file.path()));
      decoded = true;
      return new Read(hashed, fitted, null);
    } finally {
      if (!decoded) {
        known.remove(hash); // for the second try, and for copies, which fail alike
      }
    }
  }

  /** The content of a file. */
  static byte[] bytes(IndexedFile file) throws IOException {
    if (file.bytes() > MOST_BYTES) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%s: image expected at most %d bytes, got %d; make it smaller",
              file.path(),
              MOST_BYTES,
              file.bytes()));
    }
    Path path = file.file();
    try {
      return Files.readAllBytes(path);
    } catch (IOException e) {
      throw new IOException(file.path() + ": readable image expected, got " + fault(e), e);
    }
  }

  /** What the system says of a file or folder that cannot be read, in words. */
  static String fault(IOException why) {
    if (why instanceof AccessDeniedException) {
      return "no right to read it";
    }
    if (why instanceof NoSuchFileException) {
      return "no file any more";
    }
    @Nullable String reason =
        why instanceof FileSystemException system ? system.getReason() : why.getMessage();
    return reason == null ? "an error of the system" : "an error of the system: " + reason;
  }
}
