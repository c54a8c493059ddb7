package io.github.blip2j.search;

import io.github.blip2j.search.store.IndexedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;

/** How a file is now, compared with what the index knows. */
public enum PhotoState {
  /** As it was indexed. */
  PRESENT,
  /** Of another length or time. */
  CHANGED,
  /** Not there, or out of reach. */
  MISSING;

  static PhotoState of(IndexedFile file) {
    try {
      BasicFileAttributes now = Files.readAttributes(file.file(), BasicFileAttributes.class);
      long modified = now.lastModifiedTime().to(TimeUnit.NANOSECONDS);
      boolean same =
          now.isRegularFile() && now.size() == file.bytes() && modified == file.modified();
      return same ? PRESENT : CHANGED;
    } catch (IOException | InvalidPathException e) {
      return MISSING;
    }
  }
}
