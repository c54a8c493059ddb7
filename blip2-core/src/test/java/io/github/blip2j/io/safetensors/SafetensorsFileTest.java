package io.github.blip2j.io.safetensors;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SafetensorsFileTest {
  private final Path folder;

  SafetensorsFileTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void open_twoTensors_readsEntriesMetadataAndBytes() throws IOException {
    String header =
        "{'__metadata__':{'format':'pt'},"
            + "'b':{'dtype':'F32','shape':[2,1],'data_offsets':[0,8]},"
            + "'a.weight':{'dtype':'U8','shape':[3],'data_offsets':[8,11]}}";
    Path path = write(header, new byte[] {0, 0, (byte) 128, 63, 0, 0, 0, 64, 7, 8, 9});

    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      ByteBuffer b = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      file.read("b", b);
      ByteBuffer part = ByteBuffer.allocateDirect(2);
      file.read("a.weight", 1, part);

      assertEquals(Map.of("format", "pt"), file.metadata());
      assertEquals(List.of("a.weight", "b"), List.copyOf(file.tensors().keySet()));
      assertEquals(DType.FLOAT32, requireNonNull(file.tensors().get("b")).dtype());
      assertEquals(Shape.of(2, 1), requireNonNull(file.tensors().get("b")).shape());
      assertEquals(1f, b.flip().getFloat());
      assertEquals(2f, b.getFloat());
      assertEquals(8, part.flip().get());
      assertEquals(9, part.get());
    }
  }

  @Test
  void open_scalarAndEmptyTensors_areAllowed() throws IOException {
    Path path =
        write(
            "{'e':{'dtype':'F32','shape':[0,4],'data_offsets':[0,0]},"
                + "'s':{'dtype':'I64','shape':[],'data_offsets':[0,8]}}  ",
            new byte[8]);

    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(Shape.of(), requireNonNull(file.tensors().get("s")).shape());
      assertEquals(0, requireNonNull(file.tensors().get("e")).byteSize());
    }
  }

  @Test
  void read_tensorBeyondTwoGigabytes_returnsItsBytes() throws IOException {
    long big = (1L << 31) + 4096;
    String header =
        String.format(
                Locale.ROOT, "{'big':{'dtype':'U8','shape':[%d],'data_offsets':[0,%d]},", big, big)
            + String.format(
                Locale.ROOT,
                "'tail':{'dtype':'U8','shape':[4],'data_offsets':[%d,%d]}}",
                big,
                big + 4);
    Path path = write(header, new byte[0]);
    long dataStart = Files.size(path);
    try (var sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.setLength(dataStart + big + 4); // holes on disk: nothing is really that large
      sparse.seek(dataStart + big - 1);
      sparse.write(new byte[] {5, 1, 2, 3, 4});
    }

    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      ByteBuffer tail = ByteBuffer.allocate(4);
      file.read("tail", tail);
      ByteBuffer last = ByteBuffer.allocate(2);
      file.read("big", big - 2, last);

      assertArrayEquals(new byte[] {1, 2, 3, 4}, tail.array());
      assertArrayEquals(new byte[] {0, 5}, last.array());
    } finally {
      Files.delete(path);
    }
  }

  @Test
  void read_fromFourThreads_givesEachItsOwnBytes() throws Exception {
    byte[] data = new byte[40_000];
    new Random(7).nextBytes(data);
    Path path = write("{'a':{'dtype':'U8','shape':[40000],'data_offsets':[0,40000]}}", data);
    ExecutorService threads = Executors.newFixedThreadPool(4);

    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      List<Callable<byte[]>> reads = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        int from = i * 97;
        reads.add(
            () -> {
              ByteBuffer part = ByteBuffer.allocate(1000);
              file.read("a", from, part);
              return part.array();
            });
      }
      List<Future<byte[]>> parts = threads.invokeAll(reads);
      for (int i = 0; i < parts.size(); i++) {
        ByteBuffer expected = ByteBuffer.wrap(data, i * 97, 1000);
        assertEquals(expected, ByteBuffer.wrap(parts.get(i).get()), "read " + i);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void read_unknownDtype_isRefusedOnlyWhenAsked() throws IOException {
    Path path =
        write(
            "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},"
                + "'q':{'dtype':'F8_E4M3','shape':[2],'data_offsets':[1,3]}}",
            new byte[3]);

    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      file.read("a", ByteBuffer.allocate(1));

      assertEquals(
          "model.safetensors: dtype of q expected one of F64, F32, F16, BF16, I64, I32, U8, I8, BOOL,"
              + " got F8_E4M3; convert it to one of these",
          failure(() -> file.read("q", ByteBuffer.allocate(2))));
    }
  }

  @Test
  void read_missingTensor_namesIt() throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(write("{}", new byte[0]))) {
      assertEquals(
          "model.safetensors: tensor x is missing",
          failure(() -> file.read("x", ByteBuffer.allocate(1))));
    }
  }

  @Test
  void read_wrongBuffer_namesBothSizes() throws IOException {
    Path path = write("{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}}", new byte[4]);

    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      var whole =
          assertThrows(
              IllegalArgumentException.class, () -> file.read("a", ByteBuffer.allocate(3)));
      var part =
          assertThrows(
              IllegalArgumentException.class, () -> file.read("a", 2, ByteBuffer.allocate(3)));

      assertEquals(
          "model.safetensors: buffer for tensor a expected 4 bytes, got 3", whole.getMessage());
      assertEquals(
          "model.safetensors: part of tensor a expected within its 4 bytes, got 3 bytes from 2",
          part.getMessage());
    }
  }

  @Test
  void read_fileShrunkAfterOpen_saysSo() throws IOException {
    Path path = write("{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}}", new byte[4]);
    long size = Files.size(path);

    try (SafetensorsFile file = SafetensorsFile.open(path);
        var other = new RandomAccessFile(path.toFile(), "rw")) {
      other.setLength(size - 2);

      assertEquals(
          String.format(
                  Locale.ROOT,
                  "model.safetensors: 2 more bytes expected at byte %d, got the end of the file; it changed",
                  size - 2)
              + " after it was opened",
          failure(() -> file.read("a", ByteBuffer.allocate(4))));
    }
  }

  private Path write(String header, byte[] data) throws IOException {
    Path path = folder.resolve("model.safetensors");
    byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json).put(data);
    return Files.write(path, bytes.array());
  }

  private static String failure(org.junit.jupiter.api.function.Executable action) {
    return String.valueOf(assertThrows(CheckpointException.class, action).getMessage());
  }
}
