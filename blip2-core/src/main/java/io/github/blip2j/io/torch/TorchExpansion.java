package io.github.blip2j.io.torch;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ReadableFile;
import java.util.HashMap;
import java.util.Map;

/**
 * Limits the expanded size of a file's tensors. A stride of zero repeats an element, and many
 * tensors may share a storage, so a file of a kilobyte could claim terabytes.
 */
final class TorchExpansion {
  private static final long SMALL = 1 << 26; // bytes that any file may expand to
  private static final int MOST_SHARING = 100; // tensors as large as their storage: tied layers

  private final ReadableFile file;
  private final long mostRepeated;
  private final Map<String, Long> used = new HashMap<>(); // bytes of tensors by storage
  private long repeated;

  /** The limits of a file. */
  TorchExpansion(ReadableFile file) {
    this.file = file;
    this.mostRepeated = Math.max(file.size(), SMALL);
  }

  /**
   * Counts a tensor.
   *
   * @throws CheckpointException if this tensor, or all so far, are too large for the file
   */
  void add(String name, PickledTensor tensor) throws CheckpointException {
    long byteSize = tensor.count() * tensor.elementBytes();
    if (byteSize > mostRepeated) {
      throw file.error(
          "tensor %s expected no larger than the file, got %d bytes; save its contiguous() copy",
          name, byteSize);
    }
    repeated += Math.max(0, byteSize - tensor.span() * tensor.elementBytes());
    if (repeated > mostRepeated) {
      throw file.error(
          "expanded tensors expected no larger than the file, got %d bytes with %s; %s",
          repeated, name, "save their contiguous() copies");
    }
    PickledTensor.Storage storage = tensor.storage();
    long shared = used.merge(storage.key(), byteSize, Math::addExact);
    if (shared > Math.max(SMALL, MOST_SHARING * (storage.byteSize() + 1))) {
      throw file.error(
          "storage %s expected to be in at most %d tensors as a whole, got more with %s; %s",
          storage.key(), MOST_SHARING, name, "save clone()s");
    }
  }
}
