package io.github.blip2j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.torch.TorchFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls with wrong arguments, and files of the old format that contradict themselves. */
final class PickleArgumentsTest {
  private final Path folder;

  PickleArgumentsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void open_keyWithoutValue_isRefused() {
    assertEquals(
        "a.pth: pickle expected keys and values at byte 46, got an odd one",
        failure(PickleBytes.start().ops('}', '(', 'N', 'u').saveIn(folder)));
  }

  @Test
  void open_tooManyAxes_areRefused() {
    assertEquals(
        "a.pth: tensor expected at most 64 axes, got 65",
        failure(PickleBytes.tensor(0, new long[65], new long[65]).saveIn(folder)));
  }

  @Test
  void open_viewOfAStorage_isRefused() {
    PickleBytes pickle = PickleBytes.start().ops('(').text("storage").global("torch", "IntStorage");
    pickle.text("7").text("cpu").number(6).ops(')', 't', 'Q');

    assertEquals(
        "a.pth: storage 7 expected whole, got a view of another; save it again",
        failure(pickle.saveIn(folder)));
  }

  @Test
  void open_unknownElementType_isRefused() {
    PickleBytes pickle = PickleBytes.start().global("torch._utils", "_rebuild_tensor_v3").ops('(');
    pickle.storage("F", "0", 6).number(0).ops(')', ')', 'N', 'N', 'N', 't', 'R');

    assertEquals(
        "a.pth: pickle expected an element type at byte 152, got another",
        failure(pickle.saveIn(folder)));
  }

  @Test
  void open_legacyFileWithoutItsStorages_isRefused() throws IOException {
    PickleBytes object = PickleBytes.tensor(0, new long[] {6}, new long[] {1});

    assertEquals(
        "a.pth: list of storages expected, got something else; copy the file again",
        failure(legacy(object, PickleBytes.start().ops('N'))));
  }

  @Test
  void open_legacyStorageThatNoTensorHas_isRefused() throws IOException {
    PickleBytes object = PickleBytes.tensor(0, new long[] {6}, new long[] {1});

    assertEquals(
        "a.pth: storage expected among those of the tensors, got another",
        failure(legacy(object, PickleBytes.start().ops('(').text("9").ops('l'))));
  }

  @Test
  void open_legacyStorageThatIsNotListed_isRefused() throws IOException {
    PickleBytes object = PickleBytes.tensor(0, new long[] {6}, new long[] {1});

    assertEquals(
        "a.pth: tensor w expected its storage, got none; copy the file again",
        failure(legacy(object, PickleBytes.start().ops(']'))));
  }

  @Test
  void open_legacyStorageOfAnotherLength_isRefused() throws IOException {
    PickleBytes object = PickleBytes.tensor(0, new long[] {6}, new long[] {1});
    Path file = legacy(object, PickleBytes.start().ops('(').text("0").ops('l'));
    ByteBuffer count = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 5);
    byte[] start = Files.readAllBytes(file);
    var whole = new ByteArrayOutputStream();
    whole.writeBytes(start);
    assertEquals(
        String.format(
            Locale.ROOT,
            "a.pth: storage 0 expected 24 bytes at byte %d, got the end of the file; %s",
            start.length,
            "the file is truncated, copy it again"),
        failure(file));

    whole.writeBytes(count.array());
    Files.write(file, whole.toByteArray());
    assertEquals(
        "a.pth: storage 0 expected 6 elements, got 5; the file is damaged, copy it again",
        failure(file));
  }

  /** The pickles of a file of the old format, without the storages behind them. */
  private Path legacy(PickleBytes object, PickleBytes keys) throws IOException {
    byte[] magic = {
      (byte) 0x6c, (byte) 0xfc, (byte) 0x9c, 0x46, (byte) 0xf9, 0x20, 0x6a, (byte) 0xa8, 0x50, 0x19
    };
    var out = new ByteArrayOutputStream();
    out.writeBytes(PickleBytes.start().ops(0x8a, 10).raw(magic).stop());
    out.writeBytes(PickleBytes.start().number(1001).stop());
    out.writeBytes(PickleBytes.start().ops('}').stop());
    out.writeBytes(object.stop());
    out.writeBytes(keys.stop());
    return Files.write(folder.resolve("a.pth"), out.toByteArray());
  }

  private static String failure(Path file) {
    var thrown = assertThrows(CheckpointException.class, () -> TorchFile.open(file));
    return String.valueOf(thrown.getMessage());
  }
}
