package io.github.blip2j.io.torch;

import static io.github.blip2j.io.torch.HandmadePickle.SIZE;
import static io.github.blip2j.io.torch.HandmadePickle.STRIDE;
import static io.github.blip2j.io.torch.HandmadePickle.failure;
import static io.github.blip2j.io.torch.HandmadePickle.names;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.io.PickleBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Opcodes and protocols of a pickle, and calls that are no call. */
@Timeout(20)
final class PickleSyntaxTest {
  private final Path folder;

  PickleSyntaxTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void open_pickleByHand_findsTheTensor() throws IOException {
    assertEquals(Set.of("w"), names(folder, PickleBytes.tensor(0, SIZE, STRIDE)));
  }

  @ParameterizedTest
  @ValueSource(ints = {'i', 'o', 'P', 0x82, 'I', 'S', 0x97, 0})
  void open_opcodeOfOtherProtocols_isRefused(int op) {
    assertEquals(
        String.format(
            Locale.ROOT,
            "a.pth: pickle opcode expected one of protocol 2 to 5, got 0x%02x at byte 42",
            op),
        failure(folder, PickleBytes.start().ops(op)));
  }

  @Test
  void open_protocolOfThePast_isCalledSo() {
    assertEquals(
        "a.pth: pickle of protocol 2 or later expected, got an older one; save with"
            + " pickle_protocol=2 or higher, PyTorch's default",
        failure(folder, new PickleBytes().raw("(dp0\n.".getBytes(StandardCharsets.US_ASCII))));
  }

  @Test
  void open_protocolOfTheFuture_isRefused() {
    assertEquals(
        "a.pth: pickle protocol expected 2 to 5, got 6; save it again",
        failure(folder, new PickleBytes().ops(0x80, 6, '}')));
  }

  @Test
  void open_longText_isNotAllocated() {
    assertEquals(
        "a.pth: pickle expected 4294967280 more bytes at byte 47, got 1; the file is truncated,"
            + " copy it again",
        failure(folder, PickleBytes.start().ops('X').int32(-16)));
  }

  @Test
  void open_textOfNegativeLength_isRefused() {
    assertEquals(
        "a.pth: pickle expected 18446744073709551615 more bytes at byte 51, got 1; the file is"
            + " truncated, copy it again",
        failure(folder, PickleBytes.start().ops(0x8d).int32(-1).int32(-1)));
  }

  @ParameterizedTest
  @ValueSource(ints = {'s', 'R', 'Q', 'b', 't', 0x87, '0', 'a', 'q'})
  void open_emptyStack_isRefused(int op) {
    PickleBytes pickle = PickleBytes.start().ops(op).ops(0, 0);

    assertEquals(
        String.format(
            Locale.ROOT,
            "a.pth: pickle expected a value at byte %d, got an empty stack",
            op == 'q' ? 43 : 42),
        failure(folder, pickle));
  }

  @Test
  void open_valueNeverKept_isRefused() {
    assertEquals(
        "a.pth: pickle expected a value kept as 7, got none",
        failure(folder, PickleBytes.start().ops('h', 7)));
  }

  @Test
  void open_callOfData_isRefused() {
    assertEquals(
        "a.pth: pickle expected a call at byte 44, got other values",
        failure(folder, PickleBytes.start().ops('N', ')', 'R')));
  }
}
