package io.github.blip2j.io.hub;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Waits in no time, has as much room as it is told, and links if it may. */
final class TestMachine implements LocalDisk {
  final List<Duration> pauses = new ArrayList<>();
  long room = Long.MAX_VALUE;
  boolean links = true;

  @Override
  public void sleep(Duration time) {
    pauses.add(time);
  }

  @Override
  public long freeBytes(Path folder) {
    return room;
  }

  @Override
  public void symbolicLink(Path link, Path target) throws IOException {
    if (!links) {
      throw new UnsupportedOperationException();
    }
    LocalDisk.super.symbolicLink(link, target);
  }
}
