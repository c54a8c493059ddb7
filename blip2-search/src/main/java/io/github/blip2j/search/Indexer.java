package io.github.blip2j.search;

import io.github.blip2j.search.PhotoReader.Read;
import io.github.blip2j.search.store.Catalog;
import io.github.blip2j.search.store.IndexException;
import io.github.blip2j.search.store.IndexFolder;
import io.github.blip2j.search.store.IndexedFile;
import io.github.blip2j.vision.image.Image;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * One update of an index. Other threads read and decode files ahead; this one runs the model on
 * batches and writes.
 */
final class Indexer {
  private static final int BATCH = 8;

  private final ImageEmbedder embedder;
  private final IndexOptions options;
  private final IndexListener listener;
  private final IndexEdit edit;
  private final IndexUpdate.Counts counts = new IndexUpdate.Counts();
  private final List<String> unreadable = new ArrayList<>();
  private final Map<String, List<IndexedFile>> waiting = new HashMap<>(); // by hash
  private final List<Read> batch = new ArrayList<>();
  private final Set<String> gone = new HashSet<>(); // paths
  private final Set<String> moved = new HashSet<>(); // of these
  private final long start = System.nanoTime();
  private long embedding;
  private long waitingTime;
  private long writing;
  private int done;
  private int total;
  private boolean stopped;

  Indexer(
      IndexFolder folder,
      Catalog catalog,
      ImageEmbedder embedder,
      IndexOptions options,
      IndexListener listener) {
    this.embedder = embedder;
    this.options = options;
    this.listener = listener;
    this.edit = new IndexEdit(folder, catalog);
  }

  /** Brings the index to the state of a folder that was walked. */
  IndexUpdate run(FolderWalk walk, String root) throws IOException {
    walk.unreadable().forEach(this::report);
    List<IndexedFile> fresh = new ArrayList<>();
    for (IndexedFile file : walk.found().values()) {
      @Nullable IndexedFile old = edit.file(file.path());
      if (old != null && old.bytes() == file.bytes() && old.modified() == file.modified()) {
        counts.unchanged++;
      } else {
        fresh.add(file);
      }
    }
    gone.addAll(gone(walk, root));
    try (edit) {
      read(fresh);
      if (!stopped) {
        gone.forEach(edit::remove);
        counts.removed += gone.size() - moved.size();
      }
      timed(() -> edit.finish());
    }
    var times =
        new IndexUpdate.Times(
            Duration.ofNanos(System.nanoTime() - start),
            Duration.ofNanos(embedding),
            Duration.ofNanos(waitingTime),
            Duration.ofNanos(writing));
    return new IndexUpdate(counts, unreadable, stopped, times);
  }

  /** Indexed files below the folder that are not there any more. */
  private Set<String> gone(FolderWalk walk, String root) throws IOException {
    Set<String> missing = new HashSet<>();
    int before = 0;
    for (IndexedFile file : edit.files()) {
      if (isBelow(root, file.path())) {
        before++;
        if (!walk.found().containsKey(file.path()) && !walk.isHidden(file.path())) {
          missing.add(file.path());
        }
      }
    }
    if (walk.found().isEmpty() && before > 0 && !options.allowEmpty()) {
      throw new IndexException(
          root
              + ": images expected, since "
              + before
              + " are in the index, got none; is the disk there? Else allow an empty folder"
              + " (--allow-empty)");
    }
    return missing;
  }

  private static boolean isBelow(String root, String path) {
    return path.startsWith(root.endsWith(File.separator) ? root : root + File.separator);
  }

  private void read(List<IndexedFile> fresh) throws IOException {
    total = fresh.size();
    ExecutorService threads = Executors.newFixedThreadPool(options.threads(), Indexer::daemon);
    try {
      List<IndexedFile> left = fresh;
      while (!left.isEmpty() && !stopped) {
        read(left, threads);
        embedBatch();
        // Copies of a file that turned out to be no image, or whose vectors are gone.
        left = waiting.values().stream().flatMap(List::stream).toList();
        waiting.clear();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private void read(List<IndexedFile> files, ExecutorService threads) throws IOException {
    var reader = new PhotoReader(embedder, options.decoder(), edit.hashes());
    var ahead = new ArrayDeque<Future<Read>>();
    Iterator<IndexedFile> rest = files.iterator();
    while (!stopped && (rest.hasNext() || !ahead.isEmpty())) {
      while (rest.hasNext() && ahead.size() < 2 * BATCH + options.threads()) {
        IndexedFile next = rest.next();
        ahead.add(threads.submit(() -> reader.read(next)));
      }
      take(await(ahead.remove()));
      timed(edit::commitIfDue); // also of files that no model looks at
      listener.done(Math.min(++done, total), total);
      stopped = listener.shouldStop();
    }
  }

  private static Thread daemon(Runnable work) {
    var thread = new Thread(work, "photo-reader");
    thread.setDaemon(true);
    return thread;
  }

  private Read await(Future<Read> future) throws IOException {
    long before = System.nanoTime();
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IOException("index: file expected to be read, got " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("index: interrupted");
    } finally {
      waitingTime += System.nanoTime() - before;
    }
  }

  private void take(Read read) throws IOException {
    IndexedFile file = read.file();
    @Nullable String failure = read.failure();
    @Nullable IndexedFile known = edit.withHash(file.sha256());
    if (failure != null) {
      leaveOut(file, failure);
    } else if (read.fitted() == null && known != null) {
      put(file.like(known));
    } else {
      waiting.computeIfAbsent(file.sha256(), hash -> new ArrayList<>()).add(file);
      if (read.fitted() != null) {
        batch.add(read);
      }
      if (batch.size() == BATCH) {
        embedBatch();
      }
    }
  }

  private void leaveOut(IndexedFile file, String why) {
    report(why);
    // What the index had of it is not its content any more.
    counts.removed += edit.remove(file.path()) ? 1 : 0;
  }

  private void put(IndexedFile file) {
    @Nullable IndexedFile known = edit.withHash(file.sha256());
    if (edit.file(file.path()) != null) {
      counts.changed++;
    } else if (known != null && gone.contains(known.path()) && moved.add(known.path())) {
      counts.moved++;
    } else {
      counts.added++;
    }
    edit.put(file);
  }

  private void embedBatch() throws IOException {
    if (batch.isEmpty()) {
      return;
    }
    List<Image> images = new ArrayList<>();
    for (Read read : batch) {
      images.add(Objects.requireNonNull(read.fitted()));
    }
    long before = System.nanoTime();
    List<float[]> vectors = embedder.embed(images);
    embedding += System.nanoTime() - before;
    timed(
        () -> {
          for (int i = 0; i < batch.size(); i++) {
            String hash = batch.get(i).file().sha256();
            place(Objects.requireNonNull(waiting.remove(hash)), vectors.get(i));
          }
        });
    counts.embedded += batch.size();
    batch.clear();
  }

  /** Adds vectors for files of one content. */
  private void place(List<IndexedFile> files, float[] vectors) throws IOException {
    try {
      IndexedFile place = edit.add(vectors);
      files.forEach(file -> put(file.in(place.segment(), place.row())));
    } catch (IllegalArgumentException e) { // not finite
      files.forEach(file -> leaveOut(file, file.path() + ": " + e.getMessage()));
    }
  }

  private void report(String message) {
    unreadable.add(message);
    listener.unreadable(message);
  }

  /** Writes. */
  @FunctionalInterface
  private interface Writing {
    void run() throws IOException;
  }

  private void timed(Writing work) throws IOException {
    long before = System.nanoTime();
    work.run();
    writing += System.nanoTime() - before;
  }
}
