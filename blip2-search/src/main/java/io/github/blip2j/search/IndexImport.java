package io.github.blip2j.search;

import io.github.blip2j.io.file.PathName;
import io.github.blip2j.io.file.Sha256;
import io.github.blip2j.search.store.Catalog;
import io.github.blip2j.search.store.IndexFolder;
import io.github.blip2j.search.store.IndexedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Photos with vectors that were made elsewhere, as they come into an index. */
final class IndexImport {
  private final IndexListener listener;
  private final IndexEdit edit;
  private final IndexUpdate.Counts counts = new IndexUpdate.Counts();
  private final List<String> unreadable = new ArrayList<>();

  IndexImport(IndexFolder folder, Catalog catalog, IndexListener listener) {
    this.listener = listener;
    this.edit = new IndexEdit(folder, catalog);
  }

  IndexUpdate run(Iterator<EmbeddedPhoto> photos) throws IOException {
    long start = System.nanoTime();
    int done = 0;
    boolean stopped = false;
    try (edit) {
      while (!stopped && photos.hasNext()) {
        add(photos.next());
        edit.commitIfDue();
        listener.done(++done, done);
        stopped = listener.shouldStop();
      }
      edit.finish();
    }
    var total = Duration.ofNanos(System.nanoTime() - start);
    var times = new IndexUpdate.Times(total, Duration.ZERO, Duration.ZERO, Duration.ZERO);
    return new IndexUpdate(counts, unreadable, stopped, times);
  }

  private void add(EmbeddedPhoto photo) throws IOException {
    IndexedFile file;
    try {
      file = found(photo);
      @Nullable IndexedFile old = edit.file(file.path());
      if (old != null && old.bytes() == file.bytes() && old.modified() == file.modified()) {
        counts.unchanged++;
        return;
      }
      byte[] content = PhotoReader.bytes(file);
      file = file.withContent(Sha256.hex(content), PhotoDate.of(content));
    } catch (IOException e) {
      report(String.valueOf(e.getMessage()));
      return;
    }
    put(file, photo.vectors());
  }

  private void put(IndexedFile file, float[] vectors) throws IOException {
    @Nullable IndexedFile known = edit.withHash(file.sha256());
    try {
      IndexedFile placed = known == null ? placed(file, edit.add(vectors)) : file.like(known);
      if (edit.file(file.path()) == null) {
        counts.added++;
      } else {
        counts.changed++;
      }
      edit.put(placed);
    } catch (IllegalArgumentException e) { // vectors of another length, or not finite
      report(file.path() + ": " + e.getMessage());
    }
  }

  private static IndexedFile placed(IndexedFile file, IndexedFile place) {
    return file.in(place.segment(), place.row());
  }

  /** The file, where a walk would find it. */
  private static IndexedFile found(EmbeddedPhoto photo) throws IOException {
    Path file = photo.file().toAbsolutePath();
    BasicFileAttributes attributes;
    try {
      Path folder = file.getParent();
      Path name = file.getFileName();
      if (folder == null || name == null) {
        throw new IOException(PathName.of(file) + ": file of a photo expected, got a root");
      }
      file = folder.toRealPath().resolve(name);
      attributes = Files.readAttributes(file, BasicFileAttributes.class);
    } catch (IOException e) {
      throw new IOException(PathName.of(file) + ": photo expected, got " + PhotoReader.fault(e), e);
    }
    if (!attributes.isRegularFile()) {
      throw new IOException(PathName.of(file) + ": photo expected, got no file");
    }
    long modified = attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS);
    requireSame(photo, file, attributes.size(), attributes.lastModifiedTime().toMillis());
    return IndexedFile.unplaced(PathName.of(file), attributes.size(), modified);
  }

  private static void requireSame(EmbeddedPhoto photo, Path file, long bytes, long modified)
      throws IOException {
    boolean otherLength = photo.bytes() != EmbeddedPhoto.UNKNOWN && photo.bytes() != bytes;
    boolean otherTime = photo.modified() != EmbeddedPhoto.UNKNOWN && photo.modified() != modified;
    if (otherLength || otherTime) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%s: photo expected as it was embedded, %s, got %s; embed it again",
              PathName.of(file),
              text(photo.bytes(), photo.modified()),
              text(bytes, modified)));
    }
  }

  private static String text(long bytes, long modified) {
    String length = bytes == EmbeddedPhoto.UNKNOWN ? "of unknown length" : bytes + " bytes";
    return modified == EmbeddedPhoto.UNKNOWN
        ? length
        : length + " of " + Instant.ofEpochMilli(modified);
  }

  private void report(String message) {
    unreadable.add(message);
    listener.unreadable(message);
  }
}
