package io.github.blip2j.io.torch;

import static io.github.blip2j.io.torch.HandmadePickle.SIZE;
import static io.github.blip2j.io.torch.HandmadePickle.STRIDE;
import static io.github.blip2j.io.torch.HandmadePickle.failure;
import static io.github.blip2j.io.torch.HandmadePickle.names;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.PickleBytes;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ReadableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pickles that would need unlimited memory, time or depth. */
@Timeout(20)
final class PickleLimitsTest {
  private final Path folder;

  PickleLimitsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @ParameterizedTest
  @ValueSource(ints = {'}', ']', '(', ')', 'N', 0x94})
  void load_tooManyValues_isRefused(int op) throws IOException {
    byte[] pickle = PickleBytes.start().ops('N').repeat(200_000, op).stop();

    try (ReadableFile file = ReadableFile.open(Files.write(folder.resolve("a.pth"), pickle))) {
      var in = new PickleInput(file, 0, pickle.length);
      var machine = new Pickle(in, new PickledTensors(in), 1 << 20);

      var thrown = assertThrows(CheckpointException.class, machine::load);
      assertEquals(
          "a.pth: pickle expected to take at most 1 MB of memory, got more; save the state_dict"
              + " alone, or give Java a larger heap",
          thrown.getMessage());
    }
  }

  @Test
  void open_tooManyBytes_isRefused() {
    PickleBytes pickle = PickleBytes.start();
    String filler = "x".repeat(1 << 20);
    for (int bytes = 0; bytes < PickleInput.MOST_BYTES; bytes += filler.length()) {
      pickle.text(filler).ops('0');
    }

    assertEquals(
        "a.pth: pickle expected at most 64000000 bytes, got more; save the state_dict alone",
        failure(folder, pickle.ops('N')));
  }

  @ParameterizedTest
  @ValueSource(ints = {'B', 'X', 'T'})
  void open_largeArraysAndTexts_arePassedOver(int op) throws IOException {
    byte[] array = new byte[PickleInput.MOST_BYTES + 1];
    PickleBytes pickle = PickleBytes.tensor(0, SIZE, STRIDE).text("array").ops(op);

    assertEquals(Set.of("w"), names(folder, pickle.int32(array.length).raw(array).ops('s')));
  }

  @Test
  void open_tuplesNestedWithoutEnd_areRead() throws IOException {
    PickleBytes pickle =
        PickleBytes.tensor(0, SIZE, STRIDE).text("deep").ops(')').repeat(500_000, 0x85).ops('s');

    assertEquals(Set.of("w"), names(folder, pickle));
  }

  @Test
  void open_keyThatDoublesAtEveryStep_isNotHashed() throws IOException {
    PickleBytes pickle =
        PickleBytes.tensor(0, SIZE, STRIDE).ops(')').repeat(100, '2', 0x86).ops('N', 's');

    assertEquals(Set.of("w"), names(folder, pickle));
  }

  @Test
  void open_dictsThatDoubleAtEveryStep_areCounted() {
    PickleBytes pickle = PickleBytes.start().ops('}');
    for (int i = 0; i < 30; i++) { // d = {"a": d, "b": d}
      pickle.ops('q', 0, '0', '}').text("a").ops('h', 0, 's').text("b").ops('h', 0, 's');
    }

    assertEquals(
        "a.pth: dicts expected to hold at most 2000000 values, got more", failure(folder, pickle));
  }

  @Test
  void open_dictThatContainsItself_isRefused() {
    assertEquals(
        "a.pth: dicts expected at most 32 deep, got more",
        failure(folder, PickleBytes.start().ops('}', 'q', 0).text("a").ops('h', 0, 's')));
  }

  @Test
  void open_veryLongName_isRefused() {
    PickleBytes pickle = PickleBytes.start().ops('}').text("n".repeat(501));

    assertEquals(
        "a.pth: names expected at most 500 characters, got more",
        failure(folder, pickle.rebuild("F", 6, 0, SIZE, STRIDE).ops('s')));
  }

  @Test
  void open_namesThatMeetWhenJoined_areRefused() {
    PickleBytes pickle = PickleBytes.start().ops('}').text("a.b").rebuild("F", 6, 0, SIZE, STRIDE);
    pickle.ops('s').text("a").ops('}').text("b").rebuild("F", 6, 0, SIZE, STRIDE).ops('s', 's');

    assertEquals("a.pth: tensor names expected to differ, got a.b twice", failure(folder, pickle));
  }
}
