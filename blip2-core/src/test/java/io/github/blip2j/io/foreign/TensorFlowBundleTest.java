package io.github.blip2j.io.foreign;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class TensorFlowBundleTest {
  private static final ByteBuffer DATA = new Bytes().floats(1, 2, 3, 4, 5, 6, 7).buffer();

  @Test
  void variables_areReadByTheIndex() throws CheckpointException {
    Map<String, ForeignTensor> variables = TensorFlowBundle.read("v", index(1, 0, 24), DATA);

    assertEquals(Set.of("module/bias", "module/bigger"), variables.keySet());
    assertEquals(Shape.of(2, 3), requireNonNull(variables.get("module/bigger")).shape());
    assertEquals(6, requireNonNull(variables.get("module/bigger")).values().get(5));
    assertEquals(7, requireNonNull(variables.get("module/bias")).values().get(0));
  }

  @Test
  void otherType_isRefused() {
    var refused =
        assertThrows(
            CheckpointException.class, () -> TensorFlowBundle.read("v", index(9, 0, 24), DATA));

    assertEquals(
        "v: module/bigger: float32 in the first file expected, got type 9 in file 0",
        refused.getMessage());
  }

  @Test
  void placeBeyondTheData_isRefused() {
    var refused =
        assertThrows(
            CheckpointException.class, () -> TensorFlowBundle.read("v", index(1, 8, 24), DATA));

    assertEquals(
        "v: module/bigger: bytes 8 to 32 expected, got an end at 28; is it damaged?",
        refused.getMessage());
  }

  @Test
  void everyChangedByte_givesTensorsOrAnError() {
    byte[] whole = index(1, 0, 24).array();
    int refused = 0;
    for (int i = 0; i < whole.length; i++) {
      byte[] changed = whole.clone();
      changed[i] ^= 0x55;
      try {
        TensorFlowBundle.read("v", ByteBuffer.wrap(changed), DATA);
      } catch (CheckpointException e) {
        refused++;
      }
    }
    assertTrue(refused > whole.length / 4, refused + " of " + whole.length);
  }

  @Test
  void everyTruncation_isRefused() {
    byte[] whole = index(1, 0, 24).array();
    for (int length = 0; length < whole.length; length++) {
      ByteBuffer part = ByteBuffer.wrap(Arrays.copyOf(whole, length));
      assertThrows(CheckpointException.class, () -> TensorFlowBundle.read("v", part, DATA));
    }
  }

  /** A matrix and a vector; the second key repeats the first's start. */
  private static ByteBuffer index(int type, int offset, int size) {
    var entries = new TreeMap<String, Bytes>();
    entries.put("", new Bytes().number(1, 1));
    entries.put("module/bias", Bytes.entry(24, 4, 1));
    entries.put("module/bigger", Bytes.entry(offset, size, 2, 3).number(1, type));
    return Bytes.index(entries).buffer();
  }
}
