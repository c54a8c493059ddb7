package io.github.blip2j.io.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ReadableFile;
import io.github.blip2j.io.tensor.TensorFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ViewReaderTest {
  private static final int SIZE = 1_000_003;
  private static final int BEGIN = 77;

  private final byte[] bytes = new byte[SIZE];
  private final Path path;

  ViewReaderTest(@TempDir Path folder) throws IOException {
    new Random(3).nextBytes(bytes);
    this.path = Files.write(folder.resolve("some.bin"), bytes);
  }

  /** All at once, and page by page with many and with few pages. */
  @ParameterizedTest
  @ValueSource(ints = {SIZE, 0})
  void read_piecesAnywhere_areThoseOfTheFile(int most) throws IOException {
    Random random = new Random(5);
    try (ReadableFile file = ReadableFile.open(path)) {
      var reader = new ViewReader(file, BEGIN, SIZE - BEGIN, most);
      for (int i = 0; i < 3000; i++) {
        int count = 1 + random.nextInt(i % 50 == 0 ? 9000 : 9);
        int place = i % 100 == 0 ? SIZE - BEGIN - count : random.nextInt(SIZE - BEGIN - count);
        ByteBuffer into = ByteBuffer.allocate(count + 3).position(2).limit(count + 2);

        reader.read(place, count, into);

        byte[] expected = new byte[count + 3];
        System.arraycopy(bytes, BEGIN + place, expected, 2, count);
        assertEquals(count + 2, into.position());
        assertArrayEquals(expected, into.array());
      }
    }
  }

  /** A file mapped and cut short takes the process down. */
  @ParameterizedTest
  @ValueSource(ints = {SIZE, 0})
  void read_fileCutMeanwhile_saysSo(int most) throws IOException {
    try (ReadableFile file = ReadableFile.open(path)) {
      cut(path, 10_000);

      var thrown =
          assertThrows(
              CheckpointException.class,
              () ->
                  new ViewReader(file, BEGIN, SIZE - BEGIN, most)
                      .read(500_000, 8, ByteBuffer.allocate(8)));

      assertEquals(
          "it changed after it was opened",
          String.valueOf(thrown.getMessage()).replaceAll(".*; ", ""));
    }
  }

  @Test
  void read_viewInACutFileOfPyTorch_saysSo(@TempDir Path folder) throws IOException {
    Path views = folder.resolve("views.pth");
    Files.copy(Fixtures.own("torch").resolve("views.pth"), views);
    try (TorchFile file = TorchFile.open(views)) {
      cut(views, 64);
      int size = Math.toIntExact(TensorFile.require(file.tensors(), "", "permuted").byteSize());

      assertThrows(
          CheckpointException.class, () -> file.read("permuted", ByteBuffer.allocate(size)));
    }
  }

  private static void cut(Path file, long size) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    }
  }
}
