package io.github.blip2j.io.hub;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * One download. Contents are stored first, then their names, then the revision, so that concurrent
 * readers find the complete old model or nothing.
 */
final class Downloading {
  private static final int LONGEST_NAME = 255; // of most file systems

  private final ModelCache cache;
  private final HubClient client;
  private final DownloadResources means;
  private final DownloadListener listener;

  Downloading(
      ModelCache cache, HubClient client, DownloadResources means, DownloadListener listener) {
    this.cache = cache;
    this.client = client;
    this.means = means;
    this.listener = listener;
  }

  Download run(FileChoice choice) throws IOException {
    ModelId id = cache.id();
    RemoteModel remote = attempts().run(() -> RemoteModel.read(id, client, means.limits()));
    List<RemoteFile> files = new ArrayList<>();
    List<String> names = choice.of(id, remote.files());
    requireNames(names);
    for (String name : names) {
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

  /** Checks that all names can be files of one folder. */
  private void requireNames(List<String> names) throws HubException {
    Set<String> files = new HashSet<>(names);
    for (String name : names) {
      if (!hasPath(name)) {
        throw new HubException(
            String.format(
                Locale.ROOT,
                "%s: name expected that this system can give a file, of at most %d bytes, got %s;"
                    + " leave it out with --exclude, or set LC_ALL=C.UTF-8",
                cache.id(),
                LONGEST_NAME,
                name));
      }
      for (int at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
        if (files.contains(name.substring(0, at))) {
          throw new HubException(
              String.format(
                  Locale.ROOT,
                  "%s: names expected of files, got %s as that of a folder too; leave one out with"
                      + " --exclude",
                  cache.id(),
                  name.substring(0, at)));
        }
      }
    }
  }

  private static boolean hasPath(String name) {
    try {
      for (Path part : Path.of(name)) {
        if (part.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
          return false;
        }
      }
      return true;
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private RetryPolicy attempts() {
    return new RetryPolicy(cache.id(), means);
  }

  private List<DownloadedFile> fetch(RemoteModel remote, List<RemoteFile> files)
      throws IOException {
    long total =
        files.stream().mapToLong(file -> Math.max(0, file.size())).reduce(0, DiskSpace::sum);
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
      if (isThere(file)) { // another process downloaded it while this one waited
        return false;
      }
      new FileTransfer(cache, remote, file, client, means).run(attempts(), progress);
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
        long there = BlobLock.sizeOf(cache.incomplete(file.etag()));
        needed = DiskSpace.sum(needed, Math.max(0, file.size() - there));
      }
    }
    DiskSpace.require(needed, cache, means.machine());
  }
}
