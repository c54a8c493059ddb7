package io.github.blip2j.cli.option;

import io.github.blip2j.io.hub.HubCache;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

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

  /** The paths of the models that were given. */
  public static List<Path> paths(@Nullable ModelName... names) throws IOException {
    List<Path> paths = new ArrayList<>();
    for (@Nullable ModelName name : names) {
      if (name != null) {
        paths.add(name.path());
      }
    }
    return paths;
  }

  /** The name as it was typed. */
  @Override
  public String toString() {
    return given;
  }
}
