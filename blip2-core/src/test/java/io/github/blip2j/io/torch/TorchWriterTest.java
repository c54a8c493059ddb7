package io.github.blip2j.io.torch;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.safetensors.SafetensorsWriterTest;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TorchWriterTest {
  private final Path folder;
  private final Path target;

  TorchWriterTest(@TempDir Path folder) {
    this.folder = folder;
    this.target = folder.resolve("out.pth");
  }

  @Test
  void close_everyType_readsBackEqual() throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    for (DType type : DType.values()) {
      specs.add(new TensorSpec("layer." + type, type, Shape.of(2, 1, 3)));
    }
    specs.add(new TensorSpec("scalar", DType.FLOAT32, Shape.of()));
    specs.add(new TensorSpec("caf\u00e9", DType.FLOAT16, Shape.of(3, 0)));

    try (var writer = TorchWriter.createUnder("model", target, specs)) {
      for (int i = specs.size() - 1; i >= 0; i--) { // in any order
        writer.write(specs.get(i).name(), content(specs.get(i)));
      }
    }

    try (TorchFile file = TorchFile.open(target)) {
      assertEquals(specs.size(), file.tensors().size());
      for (TensorSpec spec : specs) {
        TensorEntry entry = requireNonNull(file.tensors().get(spec.name()));
        assertEquals(spec.dtype(), entry.dtype(), spec.name());
        assertEquals(spec.shape(), entry.shape(), spec.name());
        assertEquals(0, entry.byteSize() == 0 ? 0 : entry.begin() % 64, spec.name());
        assertEquals(content(spec), TorchFileTest.bytes(file, spec.name()), spec.name());
      }
    }
    assertEquals(List.of("out.pth"), SafetensorsWriterTest.names(folder));
  }

  @Test
  void close_anyFile_isAnArchiveToOthers() throws IOException {
    var spec = new TensorSpec("a", DType.UINT8, Shape.of(70_000));
    try (var writer = TorchWriter.create(target, List.of(spec))) {
      writer.write("a", SafetensorsWriterTest.bytes(30_000, 1));
      writer.write("a", SafetensorsWriterTest.bytes(40_000, 30_001));
    }

    List<String> names = new ArrayList<>();
    try (var zip = new ZipFile(target.toFile())) {
      for (ZipEntry entry : zip.stream().map(each -> (ZipEntry) each).toList()) {
        names.add(entry.getName());
        byte[] bytes = zip.getInputStream(entry).readAllBytes();
        var crc = new CRC32();
        crc.update(bytes);
        assertEquals(entry.getCrc(), crc.getValue(), entry.getName());
      }
    }
    assertEquals(
        List.of("archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/version"),
        names);
  }

  @Test
  void close_incompleteFile_leavesNothing() throws IOException {
    var spec = new TensorSpec("a", DType.UINT8, Shape.of(4));
    var writer = TorchWriter.create(target, List.of(spec));
    writer.write("a", ByteBuffer.allocate(3));

    var thrown = assertThrows(IllegalStateException.class, writer::close);

    assertEquals(
        "out.pth: all bytes of 1 tensors expected, got 1 incomplete (a has 3 of 4); nothing was"
            + " written",
        thrown.getMessage());
    assertEquals(List.of(), SafetensorsWriterTest.names(folder));
  }

  @Test
  void create_sameNameTwice_isRefused() {
    var spec = new TensorSpec("a", DType.UINT8, Shape.of(4));

    var thrown =
        assertThrows(
            IllegalArgumentException.class, () -> TorchWriter.create(target, List.of(spec, spec)));

    assertEquals("out.pth: tensor names expected to differ, got a twice", thrown.getMessage());
  }

  private static ByteBuffer content(TensorSpec spec) {
    return SafetensorsWriterTest.bytes((int) spec.byteSize(), spec.name().length());
  }
}
