package io.github.blip2j.io.foreign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class TensorFlowBundleTest {
  private static final ByteBuffer DATA = new Bytes().floats(1, 2, 3, 4, 5, 6, 7).buffer();

  @Test
  void variables_areReadByTheIndex() throws CheckpointException {
    Map<String, ForeignTensor> variables = TensorFlowBundle.read("v", index(1, 0, 24), DATA);

    assertEquals(Set.of("module/bias", "module/bigger"), variables.keySet());
    assertEquals(Shape.of(2, 3), variables.get("module/bigger").shape());
    assertEquals(6, variables.get("module/bigger").values().get(5));
    assertEquals(7, variables.get("module/bias").values().get(0));
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

  /** A table of one block with a matrix and a vector; the second key repeats the first's start. */
  private static ByteBuffer index(int type, int offset, int size) {
    Bytes matrix =
        new Bytes()
            .number(1, type)
            .message(2, dims(2, 3))
            .number(4, offset)
            .number(5, size);
    Bytes vector = new Bytes().number(1, 1).message(2, dims(1)).number(4, 24).number(5, 4);
    Bytes entries = new Bytes();
    entry(entries, 0, "", new Bytes().number(1, 1));
    entry(entries, 0, "module/bias", vector);
    entry(entries, 8, "igger", matrix); // "module/b" is repeated
    Bytes table = new Bytes();
    int first = block(table, entries);
    Bytes handles = new Bytes();
    entry(handles, 0, "z", new Bytes().varint(0).varint(first));
    int at = table.size();
    int second = block(table, handles);
    Bytes footer = new Bytes().varint(0).varint(0).varint(at).varint(second);
    table.raw(footer.array()).raw(new byte[40 - footer.size()]).int64(0xdb4775248b80fb57L);
    return table.buffer();
  }

  /** A block with one restart, its kind and a checksum that is not looked at; its size. */
  private static int block(Bytes table, Bytes entries) {
    table.raw(entries.array()).int32(0).int32(1).raw(new byte[5]);
    return entries.size() + 8;
  }

  private static void entry(Bytes block, int shared, String rest, Bytes value) {
    byte[] key = rest.getBytes(StandardCharsets.UTF_8);
    block.varint(shared).varint(key.length).varint(value.size()).raw(key).raw(value.array());
  }

  private static Bytes dims(int... sizes) {
    Bytes shape = new Bytes();
    for (int size : sizes) {
      shape.message(2, new Bytes().number(1, size));
    }
    return shape;
  }
}
