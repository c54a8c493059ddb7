package io.github.blip2j.io.hub;

import io.github.blip2j.io.file.OutputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** Room on the disk, compared with sizes that a hub claims, which may be absurd. */
final class DiskSpace {
  private static final long MEGA = 1_000_000;

  private DiskSpace() {}

  /** The sum of two sizes, or the largest number if there is none. */
  static long sum(long a, long b) {
    long sum = a + b;
    return sum < 0 ? Long.MAX_VALUE : sum;
  }

  /**
   * Checks that so many bytes can be written to a cache, which is made if it isn't there.
   *
   * @throws HubException if they can't
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
