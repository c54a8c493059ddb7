package io.github.blip2j.search;

import io.github.blip2j.search.store.IndexedFile;
import java.nio.file.Path;
import java.time.Instant;

/** A photo of an index. */
public final class Photo {
  private final IndexedFile file;

  Photo(IndexedFile file) {
    this.file = file;
  }

  /** The absolute path as text, with numbers for bytes that are no UTF-8. */
  public String name() {
    return file.path();
  }

  /** The absolute path. */
  public Path path() {
    return file.file();
  }

  /** When it was taken by its EXIF data or, without, when the file was modified. */
  public Instant date() {
    return file.date();
  }

  /** Whether {@link #date} is of the EXIF data. */
  public boolean isDated() {
    return file.taken() != IndexedFile.UNKNOWN;
  }

  /** The length of the file when it was indexed. */
  public long bytes() {
    return file.bytes();
  }

  /** The SHA-256 of its content when it was indexed, 64 hexadecimal digits. */
  public String sha256() {
    return file.sha256();
  }

  /** How the file is now. */
  public PhotoState state() {
    return PhotoState.of(file);
  }

  @Override
  public String toString() {
    return name();
  }
}
