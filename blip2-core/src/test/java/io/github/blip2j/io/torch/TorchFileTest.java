package io.github.blip2j.io.torch;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.tensor.TensorFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that PyTorch wrote, against the same tensors in safetensors. */
public final class TorchFileTest {
  private static final Path GOLDEN = Fixtures.own("torch");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "types",
        "types_legacy",
        "views",
        "views_legacy",
        "training",
        "training_legacy",
        "protocol4",
        "nested"
      })
  void read_fileOfPyTorch_equalsSafetensors(String name) throws IOException {
    try (TorchFile file = TorchFile.open(GOLDEN.resolve(name + ".pth"));
        SafetensorsFile expected = SafetensorsFile.open(GOLDEN.resolve(name + ".safetensors"))) {
      assertEquals(kinds(expected), kinds(file));
      for (String tensor : expected.tensors().keySet()) {
        assertEquals(bytes(expected, tensor), bytes(file, tensor), tensor);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"whole", "columns", "every_second", "permuted", "inner_whole", "expanded"})
  void read_partOfAView_isThatPartOfTheWhole(String name) throws IOException {
    try (TorchFile file = TorchFile.open(GOLDEN.resolve("views.pth"))) {
      ByteBuffer whole = bytes(file, name);
      for (int begin = 0; begin < whole.limit(); begin += 3) {
        ByteBuffer part = ByteBuffer.allocateDirect(Math.min(7, whole.limit() - begin));
        file.read(name, begin, part);
        assertEquals(whole.slice(begin, part.limit()), part.flip(), name + " from " + begin);
      }
    }
  }

  @Test
  void read_partOutsideTheTensor_isRefused() throws IOException {
    try (TorchFile file = TorchFile.open(GOLDEN.resolve("views.pth"))) {
      var thrown =
          assertThrows(
              IllegalArgumentException.class, () -> file.read("scalar", 1, ByteBuffer.allocate(4)));

      assertEquals(
          "views.pth: part of tensor scalar expected within its 4 bytes, got 4 bytes from 1",
          thrown.getMessage());
    }
  }

  @Test
  void read_bufferOfAnotherSize_isRefused() throws IOException {
    try (TorchFile file = TorchFile.open(GOLDEN.resolve("views.pth"))) {
      var thrown =
          assertThrows(
              IllegalArgumentException.class, () -> file.read("scalar", ByteBuffer.allocate(5)));

      assertEquals(
          "views.pth: buffer for tensor scalar expected 4 bytes, got 5", thrown.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"training.pth", "training_legacy.pth"})
  void open_fileCutAnywhere_isRefusedWithoutHarm(String name, @TempDir Path folder)
      throws IOException {
    byte[] whole = Files.readAllBytes(GOLDEN.resolve(name));
    Path cut = folder.resolve("cut.pth");
    List<Integer> accepted = new ArrayList<>();
    for (int size = 0; size < whole.length; size += 13) {
      Files.write(cut, Arrays.copyOf(whole, size));
      try (TorchFile file = TorchFile.open(cut)) {
        accepted.add(size);
      } catch (CheckpointException e) {
        assertEquals("cut.pth: ", String.valueOf(e.getMessage()).substring(0, 9));
      }
    }
    assertEquals(List.of(), accepted);
  }

  public static ByteBuffer bytes(TensorFile file, String name) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate((int) requireNonNull(file.tensors().get(name)).byteSize());
    file.read(name, bytes);
    return bytes.flip();
  }

  private static Map<String, String> kinds(TensorFile file) {
    Map<String, String> kinds = new TreeMap<>();
    file.tensors()
        .forEach((name, entry) -> kinds.put(name, entry.dtypeName() + " " + entry.shape()));
    return kinds;
  }
}
