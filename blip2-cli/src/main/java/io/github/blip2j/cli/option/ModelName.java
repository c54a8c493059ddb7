package io.github.blip2j.cli.option;

import io.github.blip2j.io.hub.HubCache;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A model as it is called on a command line: a folder, a file, or the id of one that {@code blip2
 * download} has brought.
 *
 * @param given what was typed
 * @param cache where ids are looked up
 */
public record ModelName(String given, HubCache cache) {
  /** Where it is; no network is needed to find out. */
  public Path path() throws IOException {
    return cache.resolve(given);
  }

  /** As it was typed. */
  @Override
  public String toString() {
    return given;
  }
}
