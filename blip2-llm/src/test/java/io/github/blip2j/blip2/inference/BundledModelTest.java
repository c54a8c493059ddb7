package io.github.blip2j.blip2.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class BundledModelTest {
  @Test
  void unpack_fullDisk_saysWhereRoomIsNeeded() {
    Path full = Path.of("/dev/full"); // as Linux calls a disk that always is

    var thrown =
        assertThrows(IOException.class, () -> BundledModel.unpack("writer/model.safetensors", full));

    assertEquals(
        "/dev/full: room expected to unpack the bundled model, got No space left on device; make"
            + " room, or name another folder with -Djava.io.tmpdir",
        thrown.getMessage());
  }
}
