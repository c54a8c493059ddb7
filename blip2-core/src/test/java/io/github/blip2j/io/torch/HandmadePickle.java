package io.github.blip2j.io.torch;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.PickleBytes;
import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** Opens a pickle that a test put together, as the file {@code a.pth}. */
final class HandmadePickle {
  /** Size and stride of a contiguous tensor of six elements. */
  static final long[] SIZE = {2, 3};

  static final long[] STRIDE = {3, 1};

  private HandmadePickle() {}

  /** The names of its tensors. */
  static Set<String> names(Path folder, PickleBytes pickle) throws IOException {
    try (TorchFile file = TorchFile.open(pickle.saveIn(folder))) {
      return Map.copyOf(file.tensors()).keySet();
    }
  }

  /** The message with which it is refused. */
  static String failure(Path folder, PickleBytes pickle) {
    Path file = pickle.saveIn(folder);
    var thrown = assertThrows(CheckpointException.class, () -> TorchFile.open(file));
    return String.valueOf(thrown.getMessage());
  }
}
