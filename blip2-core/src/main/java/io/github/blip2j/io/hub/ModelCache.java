package io.github.blip2j.io.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The part of a cache that belongs to one revision of a model. */
record ModelCache(Path cache, ModelId id) {
  /** The model's folder for the revision, or null if it isn't there. */
  @Nullable Path find() throws IOException {
    Path ref = ref();
    String commit = Files.isRegularFile(ref) ? Files.readString(ref).strip() : id.revision();
    if (!PlainNames.isOne(commit)) {
      return null;
    }
    Path folder = snapshot(commit);
    return Files.isDirectory(folder) ? folder : null;
  }

  /** The commit that a folder of {@link #find} is of. */
  static String commitOf(Path snapshot) {
    return String.valueOf(snapshot.getFileName());
  }

  Path snapshot(String commit) {
    return folder().resolve("snapshots").resolve(commit);
  }

  /** A file's content. */
  Path blob(String etag) {
    return folder().resolve("blobs").resolve(etag);
  }

  /** A file's content as far as it has come. */
  Path incomplete(String etag) {
    return folder().resolve("blobs").resolve(etag + ".incomplete");
  }

  /** What whoever writes a file's content has locked. */
  Path lock(String etag) {
    return cache.resolve(".locks").resolve(id.folderName()).resolve(etag + ".lock");
  }

  /** Gives a content its name in a commit's folder. */
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

  /** Says that the revision is at a commit now. */
  void refer(String commit) throws IOException {
    Path ref = ref();
    if (!id.revision().equals(commit)) { // a commit needs no entry that says so
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

  /** Others see the old file or the whole new one. */
  private static void replace(Path temporary, Path target) throws IOException {
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
