package io.github.blip2j.io.hub;

import io.github.blip2j.io.file.OutputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** Compares free disk space with the sizes that a hub states, which may be absurd. */
final class DiskSpace {
  private static final long MEGA = 1_000_000;

  private DiskSpace() {}

  /** The sum of two sizes, or {@code Long.MAX_VALUE} if it overflows. */
  static long sum(long a, long b) {
    long sum = a + b;
    return sum < 0 ? Long.MAX_VALUE : sum;
  }

  /**
   * Checks that a cache has room for so many bytes; makes the cache's folder if it doesn't exist.
   *
   * @throws HubException if there is not enough room
   */
  static void require(long bytes, ModelCache cache, LocalDisk machine) throws IOException {
    Path folder = OutputFile.makeFolder(cache.cache());
    long free = machine.freeBytes(folder);
    if (bytes > free) {
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: %d MB expected to be free in %s, got %d; make room or set HF_HUB_CACHE",
              cache.id(),
              bytes / MEGA + (bytes % MEGA == 0 ? 0 : 1),
              folder,
              free / MEGA));
    }
  }
}
