package io.github.blip2j.search;

import java.nio.file.Path;

/**
 * A photo whose vectors were made elsewhere, such as on a cluster.
 *
 * @param file on this machine
 * @param bytes the length of the file that was embedded, or {@link #UNKNOWN}
 * @param modified its time, in milliseconds since 1970, or {@link #UNKNOWN}
 * @param vectors [Q P], as {@link ImageEmbedder#embed} returns them
 */
@SuppressWarnings("ArrayRecordComponent") // the vectors are only passed on
public record EmbeddedPhoto(Path file, long bytes, long modified, float[] vectors) {
  /** No length, or no time: the file is taken as it is. */
  public static final long UNKNOWN = -1;

  /** A photo of which nothing else is known. */
  public static EmbeddedPhoto of(Path file, float[] vectors) {
    return new EmbeddedPhoto(file, UNKNOWN, UNKNOWN, vectors);
  }

  /** This with the length and the time of the file that was embedded. */
  public EmbeddedPhoto asOf(long newBytes, long newModified) {
    return new EmbeddedPhoto(file, newBytes, newModified, vectors);
  }
}
