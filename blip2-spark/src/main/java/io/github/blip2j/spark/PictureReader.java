package io.github.blip2j.spark;

import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;
import org.jspecify.annotations.Nullable;

/** Reads and decodes pictures, on threads of their own. */
final class PictureReader {
  private static final long MOST_BYTES = 1L << 28;

  private final ImageDecoder decoder;
  private final ExecutorModel model;
  private final Configuration storage;

  PictureReader(InferenceOptions options, ExecutorModel model, Configuration storage) {
    this.decoder =
        new ImageDecoder()
            .withMaxPixels(options.maxPixels())
            .withExifRotation(options.exifRotation());
    this.model = model;
    this.storage = storage;
  }

  /**
   * A picture that was read, or why not.
   *
   * @param fitted null if there is an error
   * @param error null if there is a picture
   * @param nanos how long it took
   */
  record Read(@Nullable Image fitted, @Nullable String error, long nanos) {}

  /**
   * Reads one picture.
   *
   * @param bytes null if {@code name} is the path to read
   */
  Read read(byte @Nullable [] bytes, String name) {
    long start = System.nanoTime();
    @Nullable Image fitted = null;
    @Nullable String error = null;
    try {
      byte[] file = bytes == null ? contentOf(name) : bytes;
      fitted = model.fit(decoder.decode(file, name));
    } catch (UncheckedIOException e) { // the storage's fault, not the picture's
      throw e;
    } catch (IOException | RuntimeException e) {
      @Nullable String said = e.getMessage();
      error = said == null ? name + ": picture expected, got " + e : said;
    }
    return new Read(fitted, error, System.nanoTime() - start);
  }

  /**
   * The bytes of a file in any storage that Spark knows. What is wrong with one file is an error of
   * that picture; a storage that cannot be reached fails the task, so that Spark tries again.
   */
  private byte[] contentOf(String name) throws IOException {
    try {
      var path = new Path(name);
      FileSystem files = path.getFileSystem(storage);
      FileStatus status = files.getFileStatus(path);
      if (status.isDirectory() || status.getLen() > MOST_BYTES) {
        throw new UnreadablePicture(
            String.format(
                Locale.ROOT,
                "%s: a file of at most %d bytes expected, got %s",
                name,
                MOST_BYTES,
                status.isDirectory() ? "a folder" : status.getLen() + " bytes"));
      }
      byte[] bytes = new byte[(int) status.getLen()];
      try (FSDataInputStream in = files.open(path)) {
        in.readFully(0, bytes);
      }
      return bytes;
    } catch (FileNotFoundException e) {
      throw new UnreadablePicture(name + ": a file expected, got none; check the path");
    } catch (AccessControlException e) {
      throw new UnreadablePicture(name + ": a readable file expected, got no right to read it");
    } catch (IllegalArgumentException e) {
      throw new UnreadablePicture(name + ": a path expected, got " + e.getMessage());
    } catch (UnreadablePicture e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(name + ": readable storage expected, got " + e, e);
    }
  }

  /** What is wrong with one file. */
  private static final class UnreadablePicture extends IOException {
    private static final long serialVersionUID = 1L;

    UnreadablePicture(String message) {
      super(message);
    }
  }
}
