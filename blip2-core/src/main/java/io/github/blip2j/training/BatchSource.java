package io.github.blip2j.training;

import java.io.IOException;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * A source of batches, epoch by epoch (a data loader).
 *
 * <p>For an exact resume, a source must give the same batches for the same epoch, whatever was
 * requested before: for example in an order that a generator draws from the epoch.
 *
 * @param <B> a batch
 */
@FunctionalInterface
public interface BatchSource<B extends Batch> {
  /**
   * The batches of an epoch, from {@code first} on; none if it has no more. The trainer reads them
   * one at a time, on its own thread, and closes the stream when it needs no more. A tensor made
   * while a batch is read lives until that batch has been used.
   *
   * @param epoch from 0
   * @param first how many batches to skip, without decoding them
   */
  Stream<B> open(int epoch, long first) throws IOException;

  /** How many batches an epoch has, if known, for the time that is left. */
  default OptionalLong batchesPerEpoch() {
    return OptionalLong.empty();
  }

  /**
   * Sizes on which the batches depend, such as {@code batch_size} and {@code records}. Checkpoints
   * hold them, and a run is resumed with the same ones only.
   */
  default Map<String, Long> sizes() {
    return Map.of();
  }

  /** A text that differs where the samples do, as far as that is cheap to tell; empty if not. */
  default String fingerprint() {
    return "";
  }
}
