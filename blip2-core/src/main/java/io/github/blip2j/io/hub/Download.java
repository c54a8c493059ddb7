package io.github.blip2j.io.hub;

import java.nio.file.Path;
import java.util.List;

/**
 * A downloaded model.
 *
 * @param model {@code org/name}
 * @param revision the requested branch, tag or commit
 * @param commit the commit of the revision
 * @param folder the model's folder, for loaders
 * @param files the chosen files
 */
public record Download(
    String model, String revision, String commit, Path folder, List<DownloadedFile> files) {
  /** Copies the list. */
  public Download {
    files = List.copyOf(files);
  }
}
