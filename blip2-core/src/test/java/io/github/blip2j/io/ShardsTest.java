package io.github.blip2j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.io.torch.TorchWriter;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Shards that an index does not describe as they are, and shards without an index. */
final class ShardsTest {
  private final Path folder;

  ShardsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @ParameterizedTest
  @ValueSource(strings = {"safetensors", "bin"})
  void open_indexOfAnotherCopy_findsTensorsWhereTheyAre(String kind) throws IOException {
    String one = write("one." + kind, Map.of("a", 1, "b", 2));
    String two = write("two." + kind, Map.of("c", 3));
    index(kind, Map.of("a", two, "b", one, "c", one));

    assertContent(Map.of("a", 1, "b", 2, "c", 3));
  }

  @ParameterizedTest
  @ValueSource(strings = {"safetensors", "bin"})
  void open_tensorThatTheIndexLeavesOut_isThereAll(String kind) throws IOException {
    index(kind, Map.of("a", write("one." + kind, Map.of("a", 1, "b", 2))));

    assertContent(Map.of("a", 1, "b", 2));
  }

  @Test
  void open_sameTensorInTwoShards_isOne() throws IOException {
    String one = write("one.safetensors", Map.of("a", 1, "b", 2));
    index("safetensors", Map.of("a", one, "b", write("two.safetensors", Map.of("b", 2))));

    assertContent(Map.of("a", 1, "b", 2));
  }

  @Test
  void open_differentTensorsOfOneName_areRefused() throws IOException {
    String one = write("one.safetensors", Map.of("a", 1, "b", 2));
    index("safetensors", Map.of("a", one, "b", write("two.safetensors", Map.of("b", 3))));

    assertEquals(
        "model.safetensors.index.json: tensor b expected to be the same in one.safetensors and"
            + " two.safetensors, got different ones; copy the folder again",
        failure());
  }

  @Test
  void open_indexOfNothing_isRefused() throws IOException {
    index("safetensors", Map.of());

    assertEquals(
        "model.safetensors.index.json: shards expected, got none; copy the folder again",
        failure());
  }

  @ParameterizedTest
  @ValueSource(strings = {"model-0000%d-of-00002.safetensors", "pytorch_model-0000%d-of-00002.bin"})
  void open_shardsWithoutAnIndex_areReadTogether(String name) throws IOException {
    write(String.format(Locale.ROOT, name, 1), Map.of("a", 1));
    write(String.format(Locale.ROOT, name, 2), Map.of("b", 2));

    assertTrue(Checkpoint.isIn(folder));
    assertContent(Map.of("a", 1, "b", 2));
  }

  @Test
  void open_someShardsWithoutAnIndex_namesTheOthers() throws IOException {
    write("model-00002-of-00004.safetensors", Map.of("a", 1));
    write("model-00003-of-00004.safetensors", Map.of("b", 1));

    assertEquals(
        folder
            + ": 2 shards missing (model-00001-of-00004.safetensors,"
            + " model-00004-of-00004.safetensors) beside model-00002-of-00004.safetensors; copy the"
            + " folder again",
        failure());
  }

  @Test
  void open_wholeModelBesideARestOfAnother_isRead() throws IOException {
    write("model-00001-of-00003.safetensors", Map.of("x", 9));
    write("model-00001-of-00001.safetensors", Map.of("a", 1));

    assertContent(Map.of("a", 1));
  }

  @Test
  void isIn_folderOfOtherFiles_isFalse() throws IOException {
    Files.createFile(folder.resolve("model-card.md"));
    Files.createFile(folder.resolve("my-model-00001-of-00002.safetensors.part"));

    assertFalse(Checkpoint.isIn(folder));
  }

  @Test
  void open_indexThatIsAnLfsPointer_saysWhatToRun() throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n");

    assertEquals(
        "model.safetensors.index.json: JSON expected, got a Git LFS pointer; run git lfs pull",
        failure());
  }

  @ParameterizedTest
  @ValueSource(strings = {"safetensors", "bin"})
  void open_shardThatIsAnLfsPointer_saysWhatToRun(String kind) throws IOException {
    Files.writeString(
        folder.resolve("one." + kind), "version https://git-lfs.github.com/spec/v1\nsize 12\n");
    index(kind, Map.of("a", "one." + kind));

    assertEquals(
        "one." + kind + ": tensors expected, got a Git LFS pointer; run git lfs pull", failure());
  }

  @Test
  void save_whereDigitsAreOthers_numbersShardsInAscii() throws IOException {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("fa-IR-u-nu-arabext"));
    try {
      List<TensorSpec> specs = List.of(spec("a"), spec("b"));
      try (var writer = ShardedSafetensorsWriter.create(folder, specs, 1)) {
        writer.write("a", ByteBuffer.wrap(new byte[] {1}));
        writer.write("b", ByteBuffer.wrap(new byte[] {2}));
      }
    } finally {
      Locale.setDefault(before);
    }

    assertTrue(Files.exists(folder.resolve("model-00002-of-00002.safetensors")));
    assertContent(Map.of("a", 1, "b", 2));
  }

  @Test
  void metadata_ofShards_isThatOfAll() throws IOException {
    try (var writer =
        SafetensorsWriter.create(
            folder.resolve("model-00001-of-00001.safetensors"),
            List.of(spec("a")),
            Map.of("lm_head.weight", "a"))) {
      writer.write("a", ByteBuffer.wrap(new byte[] {1}));
    }

    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertEquals(Map.of("lm_head.weight", "a"), checkpoint.metadata());
    }
  }

  private static TensorSpec spec(String name) {
    return new TensorSpec(name, DType.UINT8, Shape.of(1));
  }

  /** A file of tensors of one byte each; returns its name. */
  private String write(String name, Map<String, Integer> tensors) throws IOException {
    List<TensorSpec> specs = tensors.keySet().stream().map(ShardsTest::spec).toList();
    if (name.endsWith(".bin")) {
      try (var writer = TorchWriter.create(folder.resolve(name), specs)) {
        for (TensorSpec spec : specs) {
          writer.write(spec.name(), one(tensors.getOrDefault(spec.name(), 0)));
        }
      }
    } else {
      try (var writer = SafetensorsWriter.create(folder.resolve(name), specs)) {
        for (TensorSpec spec : specs) {
          writer.write(spec.name(), one(tensors.getOrDefault(spec.name(), 0)));
        }
      }
    }
    return name;
  }

  private static ByteBuffer one(int value) {
    return ByteBuffer.wrap(new byte[] {(byte) value});
  }

  private void index(String kind, Map<String, String> map) throws IOException {
    var entries = new StringBuilder();
    map.forEach(
        (tensor, file) ->
            entries
                .append(entries.isEmpty() ? "" : ",")
                .append('"' + tensor + "\":\"" + file + '"'));
    String name = kind.equals("bin") ? "pytorch_model.bin" : "model.safetensors";
    Files.writeString(folder.resolve(name + ".index.json"), "{\"weight_map\":{" + entries + "}}");
  }

  private void assertContent(Map<String, Integer> expected) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertEquals(expected.keySet(), checkpoint.tensors().keySet());
      for (Map.Entry<String, Integer> each : expected.entrySet()) {
        ByteBuffer bytes = ByteBuffer.allocate(1);
        checkpoint.read(each.getKey(), bytes);
        assertEquals(each.getValue().byteValue(), bytes.get(0), each.getKey());
      }
    }
  }

  private String failure() {
    var thrown = assertThrows(CheckpointException.class, () -> Checkpoint.open(folder));
    return String.valueOf(thrown.getMessage());
  }
}
