package io.github.blip2j.fuzz;

import io.github.blip2j.data.shard.ShardSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Tar shards: opened and read, or refused with words. */
public final class ShardTarget {
  private static final Path FOLDER = Scratch.folder("shards");

  private ShardTarget() {}

  /** Opens one shard, and reads its samples. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    Path file = Files.write(FOLDER.resolve("shard.tar"), data);
    for (ShardSet.Unpaired rule : ShardSet.Unpaired.values()) {
      try {
        ShardSet set = ShardSet.open(List.of(file), rule);
        for (int index : set.order(1, 0)) {
          read(set, index);
        }
      } catch (IOException e) {
        Messages.require(e);
      }
    }
  }

  private static void read(ShardSet set, int index) {
    try {
      set.read(index).record().captions();
    } catch (IOException e) {
      Messages.require(e);
    }
  }
}
