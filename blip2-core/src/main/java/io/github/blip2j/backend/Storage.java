package io.github.blip2j.backend;

import org.jspecify.annotations.Nullable;

/**
 * The memory of one or more tensors, on the memory of a {@link Backend}.
 *
 * <p>Tensors that are views of each other share a storage. It knows the operation that made it, for
 * the message about a use after release, and counts in-place changes, so that a gradient detects
 * that a value it needs was overwritten. There are two kinds: memory of a pool, which a {@link
 * Workspace} owns and releases, and foreign memory, such as that of an ND4J array.
 *
 * <p>A tensor that other threads read must be published safely, such as by a lock, and not be
 * changed afterwards.
 */
public interface Storage {
  /** The operation that made it, for messages. */
  String op();

  /** Whose kernels compute with it, and on whose memory it is. */
  Backend backend();

  /**
   * The address on the backend's memory, for its kernels and for transfers.
   *
   * @throws IllegalStateException if its scope has ended
   */
  long address();

  /** The size in bytes, or 0 if it is unknown for foreign memory. */
  long size();

  /** The number of in-place changes so far. */
  int version();

  /** Counts an in-place change. */
  void changed();

  /**
   * The int64 values, if they were written from Java and are unchanged: token ids are checked and
   * looked up without reading them back. Not to be changed.
   */
  default long @Nullable [] hostValues() {
    return null;
  }

  /** Fresh memory of a backend, owned by the innermost workspace of this thread. */
  static Storage allocate(Backend backend, String op, long bytes) {
    return PoolStorage.allocate(backend, op, bytes, null);
  }

  /** As {@link #allocate}, for int64 values that are about to be written. */
  static Storage allocateFor(long[] values, Backend backend, String op) {
    return PoolStorage.allocate(backend, op, (long) values.length * Long.BYTES, values.clone());
  }
}
