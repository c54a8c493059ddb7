package io.github.blip2j.io.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Operations of the local machine. Tests replace them by full disks and by file systems without
 * links.
 */
interface LocalDisk {
  /** This machine. */
  LocalDisk HERE = new LocalDisk() {};

  /**
   * Waits.
   *
   * @throws InterruptedIOException if the thread was interrupted, and stays so
   */
  default void sleep(Duration time) throws IOException {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("download: interrupted while waiting");
    }
  }

  /** The time in nanoseconds. */
  default long nanoTime() {
    return System.nanoTime();
  }

  /** Free bytes in a folder. */
  default long freeBytes(Path folder) throws IOException {
    return Files.getFileStore(folder).getUsableSpace();
  }

  /** Makes a symbolic link. */
  default void symbolicLink(Path link, Path target) throws IOException {
    Files.createSymbolicLink(link, target);
  }

  /**
   * Gives a file a second name: by a relative link, so that the cache can be moved. Where links are
   * not available, as for most users of Windows, by a hard link or a copy.
   */
  default void link(Path link, Path relative, Path target) throws IOException {
    try {
      symbolicLink(link, relative);
    } catch (UnsupportedOperationException | FileSystemException e) {
      hardLink(link, target);
    }
  }

  private static void hardLink(Path link, Path target) throws IOException {
    try {
      Files.createLink(link, target);
    } catch (UnsupportedOperationException | FileSystemException e) {
      Files.copy(target, link);
    }
  }
}
