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
 * A lock on the content of one file, among all threads and processes of this machine. The lock file
 * is never removed: another process might already have locked it.
 */
final class BlobLock implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(200);

  private final FileChannel channel;

  private BlobLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Waits for the lock while its holder makes progress.
   *
   * @throws HubException if the holder stands still for too long
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

  /** The size of a file that another process may rename at any time; 0 if it does not exist. */
  static long sizeOf(Path file) throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  /** Releases the lock. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
