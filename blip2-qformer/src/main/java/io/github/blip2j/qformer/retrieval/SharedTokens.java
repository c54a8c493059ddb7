package io.github.blip2j.qformer.retrieval;

import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;

/**
 * The vision encoder's output of the images that a rank matches: of R ranks, rank r has images r, R
 * + r, and so on. One alone has all, and so has one whose file stays for later runs.
 */
final class SharedTokens implements AutoCloseable {
  private final TokenStore store;
  private final int first;
  private final int every;

  private SharedTokens(TokenStore store, int first, int every) {
    this.store = store;
    this.first = first;
    this.every = every;
  }

  /** All images. */
  static SharedTokens all(TokenStore store) {
    return new SharedTokens(store, 0, 1);
  }

  /** Those of a rank; nothing has been added yet. */
  SharedTokens of(Ranks ranks) {
    return new SharedTokens(store, ranks.rank(), ranks.size());
  }

  /**
   * Adds an image, if it is one of these.
   *
   * @param number of the image among all
   * @param image [1, N, E]
   */
  void add(int number, Tensor image) throws IOException {
    if (number % every == first) {
      store.add(image);
    }
  }

  /** The number of images in the store. */
  int count() {
    return store.count();
  }

  /** Forgets all images but the first {@code images} of all. */
  void keep(int images) {
    store.keep((Math.max(0, images - first) + every - 1) / every);
  }

  /** One image by its number among all, [1, N, E], in the open scope. */
  Tensor read(int number) throws IOException {
    if (number % every != first) {
      throw new AssertionError("image " + number + " is another rank's");
    }
    return store.read(number / every);
  }

  @Override
  public void close() throws IOException {
    store.close();
  }
}
