package io.github.blip2j.server.photos;

import io.github.blip2j.search.Photo;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.PhotoState;
import io.github.blip2j.search.Thumbnail;
import io.github.blip2j.vision.image.ImageDecoder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Small versions of the photos of an index, by the SHA-256 of their content, so that no path comes
 * from a client. One thread makes them, since a large photo takes hundreds of megabytes while it is
 * decoded; the latest are kept.
 */
public final class Thumbnails implements AutoCloseable {
  private static final int SIDE = 512; // more than models take, so that a click can ask about it
  private static final int MOST_WAITING = 256;
  private static final long MOST_KEPT = 32L << 20;

  private final PhotoIndex index;
  private final ImageDecoder decoder;
  private final ThreadPoolExecutor maker;
  private final Map<String, byte[]> kept = new LinkedHashMap<>(16, 0.75f, true);
  private long keptBytes;

  Thumbnails(PhotoIndex index, long maxPixels) {
    this.index = index;
    this.decoder = new ImageDecoder().withMaxPixels(maxPixels);
    this.maker =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MOST_WAITING),
            task -> {
              var thread = new Thread(task, "blip2-thumbnails");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * A JPEG of a photo.
   *
   * @param sha256 of its content, as the index has it
   * @return completed with nothing if no file has this content now
   * @throws RejectedExecutionException if too many wait
   */
  public CompletableFuture<Optional<byte[]>> of(String sha256) {
    return CompletableFuture.supplyAsync(() -> make(sha256), maker);
  }

  private Optional<byte[]> make(String sha256) {
    for (Photo photo : index.photos(sha256)) {
      if (photo.state() == PhotoState.PRESENT) {
        byte[] known = kept.get(sha256);
        if (known != null) {
          return Optional.of(known);
        }
        Optional<byte[]> made = Thumbnail.of(photo, SIDE, decoder);
        if (made.isPresent()) {
          keep(sha256, made.get());
          return made;
        }
      }
    }
    return Optional.empty();
  }

  private void keep(String sha256, byte[] jpeg) {
    kept.put(sha256, jpeg);
    keptBytes += jpeg.length;
    var oldest = kept.values().iterator();
    while (keptBytes > MOST_KEPT) {
      keptBytes -= oldest.next().length;
      oldest.remove();
    }
  }

  @Override
  public void close() {
    maker.shutdownNow();
  }
}
