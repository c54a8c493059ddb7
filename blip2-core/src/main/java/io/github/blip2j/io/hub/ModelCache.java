package io.github.blip2j.io.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The part of a cache for one revision of a model. */
record ModelCache(Path cache, ModelId id) {
  /** The model's folder for the revision, or null if it is not in the cache. */
  @Nullable Path find() throws IOException {
    Path ref = ref();
    String commit = Files.isRegularFile(ref) ? Files.readString(ref).strip() : id.revision();
    if (!PlainNames.isOne(commit)) {
      return null;
    }
    Path folder = snapshot(commit);
    return Files.isDirectory(folder) ? folder : null;
  }

  /** The commit of a folder returned by {@link #find}. */
  static String commitOf(Path snapshot) {
    return String.valueOf(snapshot.getFileName());
  }

  Path snapshot(String commit) {
    return folder().resolve("snapshots").resolve(commit);
  }

  /** The file of a content. */
  Path blob(String etag) {
    return folder().resolve("blobs").resolve(etag);
  }

  /** The incomplete file of a content. */
  Path incomplete(String etag) {
    return folder().resolve("blobs").resolve(etag + ".incomplete");
  }

  /** The lock file of a content. */
  Path lock(String etag) {
    return cache.resolve(".locks").resolve(id.folderName()).resolve(etag + ".lock");
  }

  /** Links a content into the folder of a commit. */
  void enter(String commit, RemoteFile file, LocalDisk machine) throws IOException {
    Path entry = snapshot(commit).resolve(file.name());
    Path blob = blob(file.etag());
    if (Files.exists(entry) && Files.isSameFile(entry, blob)) {
      return;
    }
    Path folder = Files.createDirectories(entry.resolveSibling(""));
    Path temporary = temporary(folder);
    try {
      machine.link(temporary, folder.relativize(blob), blob);
      replace(temporary, entry);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Records the commit of the revision. */
  void refer(String commit) throws IOException {
    Path ref = ref();
    if (!id.revision().equals(commit)) { // a commit needs no entry
      Path temporary = temporary(Files.createDirectories(ref.resolveSibling("")));
      try {
        Files.writeString(temporary, commit);
        replace(temporary, ref);
      } finally {
        Files.deleteIfExists(temporary);
      }
    }
  }

  private Path folder() {
    return cache.resolve(id.folderName());
  }

  private Path ref() {
    return folder().resolve("refs").resolve(id.revision());
  }

  private static Path temporary(Path folder) {
    return folder.resolve("." + UUID.randomUUID() + ".tmp");
  }

  /** Replaces a file atomically. */
  private static void replace(Path temporary, Path target) throws IOException {
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
