package io.github.blip2j.io.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The right to write one file's content, among all threads and processes of this machine. Its file
 * stays: whoever removed it might take it from under another.
 */
final class BlobLock implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(200);

  private final FileChannel channel;

  private BlobLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Waits for the right for as long as whoever has it makes progress.
   *
   * @throws HubException if that stands still for too long
   */
  static BlobLock acquire(ModelCache cache, RemoteFile file, DownloadResources means)
      throws IOException {
    Path path = cache.lock(file.etag());
    Files.createDirectories(path.resolveSibling(""));
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean acquired = false;
    try {
      Path growing = cache.incomplete(file.etag());
      long size = -1;
      Duration still = Duration.ZERO;
      while (lock(channel) == null) {
        long now = sizeOf(growing);
        still = now == size ? still.plus(LOOK) : Duration.ZERO;
        size = now;
        if (still.compareTo(means.limits().standstill()) > 0) {
          throw new HubException(
              String.format(
                  Locale.ROOT,
                  "%s: %s expected to be ours to write,"
                      + " got it locked by a download that stands still; end that one",
                  cache.id(),
                  file.name()));
        }
        means.machine().sleep(LOOK);
      }
      acquired = true;
      return new BlobLock(channel);
    } finally {
      if (!acquired) {
        channel.close();
      }
    }
  }

  private static @Nullable FileLock lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) { // another thread of this process has it
      return null;
    }
  }

  /** Bytes of a file that another may rename at any time; 0 if there is none. */
  static long sizeOf(Path file) throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  /** Gives the right back. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
