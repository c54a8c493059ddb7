package io.github.blip2j.io.hub;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Waits in no time, has as much room as it is told, and links if it may. */
final class TestMachine extends Machine {
  final List<Duration> pauses = new ArrayList<>();
  long room = Long.MAX_VALUE;
  boolean links = true;

  @Override
  void sleep(Duration time) {
    pauses.add(time);
  }

  @Override
  long freeBytes(Path folder) {
    return room;
  }

  @Override
  void symbolicLink(Path link, Path target) throws IOException {
    if (!links) {
      throw new UnsupportedOperationException();
    }
    super.symbolicLink(link, target);
  }
}
