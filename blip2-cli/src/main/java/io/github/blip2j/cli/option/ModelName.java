package io.github.blip2j.cli.option;

import io.github.blip2j.io.hub.HubCache;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A model as a command line names it: a folder, a file, or the id of a model that {@code blip2
 * download} has fetched.
 *
 * @param given the text that was typed
 * @param cache where ids are looked up
 */
public record ModelName(String given, HubCache cache) {
  /** The path of the model; looking it up needs no network. */
  public Path path() throws IOException {
    return cache.resolve(given);
  }

  /** The name as it was typed. */
  @Override
  public String toString() {
    return given;
  }
}
