package io.github.blip2j.search;

import io.github.blip2j.search.store.IndexedFile;
import io.github.blip2j.vision.image.codec.Exif;
import java.time.ZoneId;

/** When a photo was taken. Cameras state local time; it is taken for this machine's. */
final class PhotoDate {
  private PhotoDate() {}

  /** Milliseconds since 1970 by a file's EXIF data, or {@link IndexedFile#UNKNOWN}. */
  static long of(byte[] file) {
    return Exif.date(file)
        .map(date -> date.atZone(ZoneId.systemDefault()).toInstant().toEpochMilli())
        .orElse(IndexedFile.UNKNOWN);
  }
}
