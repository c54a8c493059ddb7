package io.github.blip2j.io.torch;

import static io.github.blip2j.io.torch.HandmadePickle.SIZE;
import static io.github.blip2j.io.torch.HandmadePickle.STRIDE;
import static io.github.blip2j.io.torch.HandmadePickle.failure;
import static io.github.blip2j.io.torch.HandmadePickle.names;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.PickleBytes;
import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tensors and storages that a pickle describes wrongly. */
@Timeout(20)
final class PickleTensorsTest {
  private final Path folder;

  PickleTensorsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void open_tensorOfOddArguments_isRefused() {
    assertEquals(
        "a.pth: pickle expected a tensor at byte 77, got other arguments",
        failure(
            folder,
            PickleBytes.start().global("torch._utils", "_rebuild_tensor_v2").ops(')', 'R')));
  }

  @Test
  void open_idOfNoStorage_isRefused() {
    assertEquals(
        "a.pth: pickle expected a storage at byte 44, got another id",
        failure(folder, PickleBytes.start().ops('N', 'Q')));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 2, 3, 3, 1",
    "0, 3, 3, 3, 1",
    "-1, 2, 3, 3, 1",
    "0, 2, 3, 4, 1",
    "7, 0, 3, 9223372036854775807, 1",
    "0, 9223372036854775807, 9223372036854775807, 0, 0",
    "0, 9223372036854775807, 2, 9223372036854775807, 1"
  })
  void open_tensorOutsideItsStorage_isRefused(long offset, long a, long b, long s, long t)
      throws IOException {
    PickleBytes pickle = PickleBytes.tensor(offset, new long[] {a, b}, new long[] {s, t});

    if (a == 0) { // a tensor of nothing lies anywhere
      assertEquals(Set.of("w"), names(folder, pickle));
    } else {
      assertEquals(
          String.format(
                  Locale.ROOT,
                  "a.pth: tensor expected within the 6 elements of storage 0, got offset %d, size [%d, %d],",
                  offset,
                  a,
                  b)
              + String.format(Locale.ROOT, " stride [%d, %d]", s, t),
          failure(folder, pickle));
    }
  }

  @Test
  void read_nothingFromFarAway_isNothing() throws IOException {
    PickleBytes pickle = PickleBytes.tensor(1L << 40, new long[] {0, 3}, new long[] {9, 1});

    try (TorchFile file = TorchFile.open(pickle.saveIn(folder))) {
      assertEquals(0, TorchFileTest.bytes(file, "w").remaining());
    }
  }

  @Test
  void open_negativeStride_isRefused() {
    String message = failure(folder, PickleBytes.tensor(5, SIZE, new long[] {-3, 1}));

    assertEquals("a.pth: tensor sizes expected integers from 0, got another at 226", message);
  }

  @Test
  void open_hugeExpandedTensor_isRefused() {
    assertEquals(
        "a.pth: tensor w expected no larger than the file, got 4000000000000 bytes; save its"
            + " contiguous() copy",
        failure(folder, PickleBytes.tensor(0, new long[] {1_000_000_000_000L}, new long[] {0})));
  }

  @Test
  void open_manyExpandedTensors_areLimitedTogether() {
    PickleBytes pickle = PickleBytes.start().ops('}');
    for (int i = 0; i < 10; i++) {
      pickle.text("w" + i).rebuild("F", 6, 0, new long[] {4_000_000}, new long[] {0}).ops('s');
    }

    assertEquals(
        "a.pth: expanded tensors expected no larger than the file, got 79999980 bytes with w4; save"
            + " their contiguous() copies",
        failure(folder, pickle));
  }

  @Test
  void open_oneStorageForManyTensors_isLimited() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}');
    int count = 1 << 18;
    for (int i = 0; i < 102; i++) {
      pickle.text("w" + i).rebuild("F", count, 0, new long[] {count}, new long[] {1}).ops('s');
    }
    Path file = pickle.saveIn(folder, new byte[4 * count]);

    var thrown = assertThrows(CheckpointException.class, () -> TorchFile.open(file));

    assertEquals(
        "a.pth: storage 0 expected to be in at most 100 tensors as a whole, got more with w98; save"
            + " clone()s",
        thrown.getMessage());
  }

  @Test
  void open_storageOfAnotherSize_isRefused() {
    PickleBytes pickle = PickleBytes.start().ops('}').text("w");

    assertEquals(
        "a.pth: storage 0 expected 28 bytes for 7 F32, got 24; the file is damaged, copy it again",
        failure(folder, pickle.rebuild("F", 7, 0, SIZE, STRIDE).ops('s')));
  }

  @Test
  void open_storageBeyondAllSizes_isRefused() {
    PickleBytes pickle = PickleBytes.start().storage("F", "0", Long.MAX_VALUE);

    assertEquals(
        "a.pth: storage 0 expected fewer than 2^63 bytes, got 9223372036854775807 elements",
        failure(folder, pickle));
  }

  @Test
  void open_storageOfTwoTypes_isRefused() {
    PickleBytes pickle = PickleBytes.start().storage("F", "0", 6).storage("HalfStorage", "0", 12);

    assertEquals("a.pth: storage 0 expected 6 F32, got 12 F16", failure(folder, pickle));
  }

  @Test
  void open_missingStorage_isRefused() {
    assertEquals(
        "a.pth: zip entry a/data/../../x is missing; the file is truncated, copy it again",
        failure(folder, PickleBytes.start().storage("F", "../../x", 6)));
  }

  @Test
  void read_typeThatTensorsHaveNot_isRefusedOnlyWhenRead() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}').text("w");
    Path file = pickle.rebuild("ShortStorage", 12, 0, SIZE, STRIDE).ops('s').saveIn(folder);

    try (TorchFile open = TorchFile.open(file)) {
      var thrown = assertThrows(CheckpointException.class, () -> TorchFileTest.bytes(open, "w"));
      assertEquals(
          "a.pth: dtype of w expected one of F64, F32, F16, BF16, I64, I32, U8, I8, BOOL, got I16;"
              + " convert it to one of these",
          thrown.getMessage());
    }
  }

  @Test
  void open_objectThatIsNoDict_isRefused() {
    assertEquals(
        "a.pth: dict of tensors expected, got something else; save a state_dict()",
        failure(folder, PickleBytes.start().rebuild("F", 6, 0, SIZE, STRIDE)));
    assertEquals(
        "a.pth: tensors expected, got a dict without any; save a state_dict()",
        failure(folder, PickleBytes.start().ops('}')));
  }

  @Test
  void open_legacyPickleOfSomethingElse_isRefused() throws IOException {
    Path file = folder.resolve("a.pth");
    Files.write(file, PickleBytes.start().ops('}').stop());

    var thrown = assertThrows(CheckpointException.class, () -> TorchFile.open(file));

    assertEquals(
        "a.pth: file of torch.save expected, got another pickle; check the path",
        thrown.getMessage());
  }
}
