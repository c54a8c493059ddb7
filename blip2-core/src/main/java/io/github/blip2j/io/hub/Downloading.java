package io.github.blip2j.io.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * One download: contents first, names after them, the revision last, so that whoever looks for the
 * model meanwhile finds the old one or nothing.
 */
final class Downloading {
  private final ModelCache cache;
  private final HubClient client;
  private final Means means;
  private final DownloadListener listener;

  Downloading(ModelCache cache, HubClient client, Means means, DownloadListener listener) {
    this.cache = cache;
    this.client = client;
    this.means = means;
    this.listener = listener;
  }

  Download run(FileChoice choice) throws IOException {
    ModelId id = cache.id();
    RemoteModel remote = attempts().run(() -> RemoteModel.read(id, client));
    List<RemoteFile> files = new ArrayList<>();
    for (String name : choice.of(id, remote.files())) {
      files.add(attempts().run(() -> RemoteFile.read(id, remote, name, client)));
    }
    requireRoom(files);
    List<DownloadedFile> results = fetch(remote, files);
    for (RemoteFile file : files) {
      cache.enter(remote.commit(), file, means.machine());
    }
    cache.refer(remote.commit());
    Path folder = cache.snapshot(remote.commit());
    return new Download(id.name(), id.revision(), remote.commit(), folder, results);
  }

  private Attempts attempts() {
    return new Attempts(cache.id(), means);
  }

  private List<DownloadedFile> fetch(RemoteModel remote, List<RemoteFile> files)
      throws IOException {
    long total = files.stream().mapToLong(file -> Math.max(0, file.size())).sum();
    long done = 0;
    List<DownloadedFile> results = new ArrayList<>();
    for (RemoteFile file : files) {
      long before = done;
      listener.progressed(file.name(), before, total);
      boolean downloaded =
          fetch(remote, file, at -> listener.progressed(file.name(), before + at, total));
      long size = Files.size(cache.blob(file.etag()));
      results.add(new DownloadedFile(file.name(), size, downloaded));
      done += size;
      listener.progressed(file.name(), done, total);
    }
    return results;
  }

  private boolean fetch(RemoteModel remote, RemoteFile file, LongConsumer progress)
      throws IOException {
    if (isThere(file)) {
      return false;
    }
    try (BlobLock lock = BlobLock.acquire(cache, file, means)) {
      if (isThere(file)) { // whoever had the lock has brought it
        return false;
      }
      new FileTransfer(cache, remote, file, client).run(attempts(), progress);
      Files.move(
          cache.incomplete(file.etag()),
          cache.blob(file.etag()),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      return true;
    }
  }

  private boolean isThere(RemoteFile file) throws IOException {
    Path blob = cache.blob(file.etag());
    return Files.isRegularFile(blob) && (file.size() < 0 || Files.size(blob) == file.size());
  }

  private void requireRoom(List<RemoteFile> files) throws IOException {
    long needed = 0;
    for (RemoteFile file : files) {
      if (!isThere(file)) {
        needed += Math.max(0, file.size() - BlobLock.sizeOf(cache.incomplete(file.etag())));
      }
    }
    Path folder = Files.createDirectories(cache.cache());
    long free = means.machine().freeBytes(folder);
    if (needed > free) {
      throw new HubException(
          "%s: %d MB expected to be free in %s, got %d; make room or set HF_HUB_CACHE"
              .formatted(cache.id(), (needed + 999_999) / 1_000_000, folder, free / 1_000_000));
    }
  }
}
