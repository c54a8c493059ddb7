package io.github.blip2j.io.hub;

import java.nio.file.Path;
import java.util.List;

/**
 * A model that is in the cache now.
 *
 * @param model {@code org/name}
 * @param revision the branch, tag or commit that was asked for
 * @param commit the commit that this is
 * @param folder the model's folder, to be given to whatever loads models
 * @param files what was chosen of it
 */
public record Download(
    String model, String revision, String commit, Path folder, List<DownloadedFile> files) {
  /** Keeps a copy of the list. */
  public Download {
    files = List.copyOf(files);
  }
}
