package io.github.blip2j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.safetensors.SafetensorsWriterTest;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.io.torch.TorchWriter;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CheckpointTest {
  private static final List<TensorSpec> SPECS =
      List.of(
          new TensorSpec("a", DType.UINT8, Shape.of(6)),
          new TensorSpec("b", DType.UINT8, Shape.of(30)),
          new TensorSpec("c", DType.UINT8, Shape.of(4)),
          new TensorSpec("d", DType.UINT8, Shape.of(5)));

  private final Path folder;

  CheckpointTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void open_shards_readsEveryTensorFromItsShard() throws IOException {
    save(10);

    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertEquals(List.of("a", "b", "c", "d"), List.copyOf(checkpoint.tensors().keySet()));
      for (TensorSpec spec : SPECS) {
        ByteBuffer bytes = ByteBuffer.allocate((int) spec.byteSize());
        checkpoint.read(spec.name(), bytes);
        assertEquals(content(spec), bytes.flip(), spec.name());
      }
      ByteBuffer part = ByteBuffer.allocate(2);
      checkpoint.read("b", 28, part);
      assertEquals(SafetensorsWriterTest.bytes(2, 'b' + 28), part.flip());
    }
    assertEquals(
        List.of(
            "model-00001-of-00003.safetensors",
            "model-00002-of-00003.safetensors",
            "model-00003-of-00003.safetensors",
            "model.safetensors.index.json"),
        SafetensorsWriterTest.names(folder));
    assertEquals(
        45,
        ConfigJson.read(folder.resolve(Checkpoint.INDEX)).child("metadata").intAt("total_size"));
  }

  @Test
  void renamed_someTensors_areReadByTheirNewNames() throws IOException {
    save(10);

    try (Checkpoint checkpoint =
        Checkpoint.open(folder)
            .renamed(name -> name.equals("c") ? Optional.empty() : Optional.of("x." + name))) {
      assertEquals(List.of("x.a", "x.b", "x.d"), List.copyOf(checkpoint.tensors().keySet()));
      ByteBuffer bytes = ByteBuffer.allocate(5);
      checkpoint.read("x.d", bytes);
      assertEquals(content(SPECS.get(3)), bytes.flip());
    }
  }

  @Test
  void renamed_twoToOneName_isRefused() throws IOException {
    save(1000);

    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      var e =
          assertThrows(
              CheckpointException.class, () -> checkpoint.renamed(name -> Optional.of("x")));

      assertEquals(
          "model.safetensors: one tensor expected as x, got two; write the file anew",
          e.getMessage());
    }
  }

  @Test
  void save_overAnEarlierSave_removesWhatItReplaces() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");
    save(10);
    save(1000);
    List<String> single = SafetensorsWriterTest.names(folder);
    save(10);

    assertEquals(List.of("config.json", "model.safetensors"), single);
    assertEquals(5, SafetensorsWriterTest.names(folder).size());
  }

  @Test
  void save_incomplete_leavesTheEarlierSave() throws IOException {
    save(1000);
    var writer = ShardedSafetensorsWriter.create(folder, SPECS, 10);
    writer.write("a", content(SPECS.get(0)));

    assertThrows(IllegalStateException.class, writer::close);

    assertEquals(List.of("model.safetensors"), SafetensorsWriterTest.names(folder));
  }

  @Test
  void save_sameNameTwice_isRefused() {
    var thrown =
        assertThrows(
            IllegalArgumentException.class,
            () -> ShardedSafetensorsWriter.create(folder, List.of(SPECS.get(0), SPECS.get(0)), 1));

    assertEquals(folder + ": tensor names expected to differ, got a twice", thrown.getMessage());
  }

  @Test
  void write_unknownName_isRefused() throws IOException {
    var writer = ShardedSafetensorsWriter.create(folder, SPECS, 10);

    var thrown =
        assertThrows(
            IllegalArgumentException.class, () -> writer.write("x", ByteBuffer.allocate(1)));
    assertThrows(IllegalStateException.class, writer::close);

    assertEquals(folder + ": tensor x expected among the declared ones", thrown.getMessage());
  }

  @Test
  void open_missingShards_areReportedTogether() throws IOException {
    save(10);
    Files.delete(folder.resolve("model-00001-of-00003.safetensors"));
    Files.delete(folder.resolve("model-00003-of-00003.safetensors"));

    assertEquals(
        folder
            + ": 2 shards missing (model-00001-of-00003.safetensors,"
            + " model-00003-of-00003.safetensors); copy the folder again",
        failure(folder));
  }

  @Test
  void open_tensorsMissingFromTheirShard_areReportedTogether() throws IOException {
    save(1000);
    Files.move(folder.resolve("model.safetensors"), folder.resolve("one.safetensors"));
    index("{'a':'one.safetensors','x':'one.safetensors','y':'one.safetensors'}");

    assertEquals(
        "model.safetensors.index.json: 2 tensors missing from their shards (x in one.safetensors, y"
            + " in one.safetensors); copy the folder again",
        failure(folder));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../a", "/etc/a", "x/a", "..", "C:a", "x\\\\a", "", "a\\u0000"})
  void open_shardOutsideTheFolder_isRefused(String shard) throws IOException {
    index("{'a':'" + shard + "'}");
    String parsed =
        ConfigJson.read(folder.resolve(Checkpoint.INDEX)).child("weight_map").stringAt("a");

    assertEquals(
        "model.safetensors.index.json: weight_map.a expected a file name within the folder, got \""
            + parsed
            + "\"",
        failure(folder));
  }

  @Test
  void open_pyTorchFile_readsIt() throws IOException {
    save(folder.resolve("pytorch_model.bin"), SPECS);

    requireContent(folder);
    requireContent(folder.resolve("pytorch_model.bin"));
  }

  @Test
  void open_pyTorchShards_readsEveryTensorFromItsShard() throws IOException {
    save(folder.resolve("pytorch_model-1.bin"), SPECS.subList(0, 1));
    save(folder.resolve("pytorch_model-2.bin"), SPECS.subList(1, 4));
    String map = "{'a':'%s-1.bin','b':'%s-2.bin','c':'%s-2.bin','d':'%s-2.bin'}";
    Files.writeString(
        folder.resolve("pytorch_model.bin.index.json"),
        ("{'weight_map':" + map.replace("%s", "pytorch_model") + "}").replace('\'', '"'));

    requireContent(folder);
  }

  @Test
  void open_weightsOfBothKinds_safetensorsWin() throws IOException {
    save(1000);
    Files.writeString(folder.resolve("pytorch_model.bin"), "no weights");

    requireContent(folder);
    requireContent(folder.resolve("model.safetensors"));
  }

  @Test
  void over_nameInBoth_isReadFromTheUpper() throws IOException {
    var other = new TensorSpec("b", DType.UINT8, Shape.of(4));
    try (var writer = TorchWriter.create(folder.resolve("upper.pth"), List.of(other))) {
      writer.write("b", ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
    }
    save(10);

    try (Checkpoint upper = Checkpoint.open(folder.resolve("upper.pth"));
        Checkpoint both = upper.over(Checkpoint.open(folder))) {
      ByteBuffer b = ByteBuffer.allocate(4);
      both.read("b", b);
      ByteBuffer d = ByteBuffer.allocate(5);
      both.read("d", d);

      assertEquals(List.of("a", "b", "c", "d"), List.copyOf(both.tensors().keySet()));
      assertEquals(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}), b.flip());
      assertEquals(content(SPECS.get(3)), d.flip());
    }
  }

  @Test
  void open_noWeights_saysWhatWasLookedFor() {
    assertEquals(
        folder
            + ": weights expected in model.safetensors, model.safetensors.index.json,"
            + " pytorch_model.bin or pytorch_model.bin.index.json, got none of them; check the path",
        failure(folder));
  }

  @Test
  void open_nothingThere_saysSo() {
    Path none = folder.resolve("none");

    assertEquals(none + ": model expected, got nothing; check the path", failure(none));
  }

  @Test
  void read_missingTensor_namesIt() throws IOException {
    save(1000);

    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      var thrown =
          assertThrows(
              CheckpointException.class, () -> checkpoint.read("x", ByteBuffer.allocate(1)));

      assertEquals("checkpoint: tensor x is missing", thrown.getMessage());
    }
  }

  private void save(long maxShardBytes) throws IOException {
    try (var writer = ShardedSafetensorsWriter.create(folder, SPECS, maxShardBytes)) {
      for (TensorSpec spec : SPECS) {
        writer.write(spec.name(), content(spec));
      }
    }
  }

  private static void save(Path file, List<TensorSpec> specs) throws IOException {
    try (var writer = TorchWriter.create(file, specs)) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), content(spec));
      }
    }
  }

  private static void requireContent(Path path) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      assertEquals(SPECS.size(), checkpoint.tensors().size());
      for (TensorSpec spec : SPECS) {
        ByteBuffer bytes = ByteBuffer.allocate((int) spec.byteSize());
        checkpoint.read(spec.name(), bytes);
        assertEquals(content(spec), bytes.flip(), spec.name());
      }
    }
  }

  private static ByteBuffer content(TensorSpec spec) {
    return SafetensorsWriterTest.bytes((int) spec.byteSize(), spec.name().charAt(0));
  }

  private void index(String weightMap) throws IOException {
    String json = "{'weight_map':" + weightMap + "}";
    Files.writeString(folder.resolve(Checkpoint.INDEX), json.replace('\'', '"'));
  }

  private static String failure(Path folder) {
    var thrown = assertThrows(CheckpointException.class, () -> Checkpoint.open(folder));
    return String.valueOf(thrown.getMessage());
  }
}
