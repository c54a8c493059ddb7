package io.github.blip2j.blip2.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The golden model in other types. */
final class WeightTypesTest {
  private static final Path OPT = Fixtures.own("hf-opt");
  private static final String LINEAR = "language_model.model.decoder.layers.0.fc1.weight";
  private static final String TABLE = "language_model.model.decoder.embed_tokens.weight";

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"INT8", "BFLOAT16", "FLOAT16"})
  void convert_goldenModel_givesTheSameCaptions(DType type) throws IOException {
    Path target = folder.resolve("out");

    WeightTypes.convert(OPT, type, target);

    assertEquals(captions(OPT), captions(target));
    assertTrue(
        Files.size(target.resolve("model.safetensors"))
            < Files.size(OPT.resolve("model.safetensors")) * (type == DType.INT8 ? 0.45 : 0.55));
  }

  @Test
  void convert_toInt8_roundsEachRowToItsLargest() throws IOException {
    Path target = folder.resolve("out");

    WeightTypes.convert(OPT, DType.INT8, target);

    try (Checkpoint before = Checkpoint.open(OPT);
        Checkpoint after = Checkpoint.open(target)) {
      assertEquals(before.tensors().keySet(), after.tensors().keySet());
      float[] wide = floats(before, LINEAR);
      float[] rounded = floats(after, LINEAR);
      int width = Math.toIntExact(entry(before.tensors(), LINEAR).shape().dim(1));
      for (int row = 0; row < wide.length / width; row++) {
        float largest = 0;
        for (int i = row * width; i < (row + 1) * width; i++) {
          largest = Math.max(largest, Math.abs(wide[i]));
        }
        float scale = largest / 127;
        for (int i = row * width; i < (row + 1) * width; i++) {
          assertEquals(wide[i], rounded[i], scale * 0.501);
          assertEquals(Math.rint(rounded[i] / scale), rounded[i] / scale, 1e-4);
        }
      }
    }
    try (SafetensorsFile file = SafetensorsFile.open(target.resolve("model.safetensors"))) {
      assertEquals(DType.INT8, entry(file.tensors(), LINEAR).dtype());
      assertEquals(DType.FLOAT32, entry(file.tensors(), LINEAR + "_scale").dtype());
      assertEquals(DType.BFLOAT16, entry(file.tensors(), TABLE).dtype());
      assertFalse(file.tensors().containsKey(TABLE + "_scale"));
    }
  }

  /** What is rounded once stays as it is. */
  @Test
  void convert_toInt8AndBack_givesTheSameBytes() throws IOException {
    Path once = folder.resolve("once");
    Path wide = folder.resolve("wide");
    Path again = folder.resolve("again");

    WeightTypes.convert(OPT, DType.INT8, once);
    WeightTypes.convert(once, DType.FLOAT32, wide);
    WeightTypes.convert(wide, DType.INT8, again);

    try (SafetensorsFile first = SafetensorsFile.open(once.resolve("model.safetensors"));
        SafetensorsFile second = SafetensorsFile.open(again.resolve("model.safetensors"))) {
      for (TensorEntry entry : first.tensors().values()) {
        byte[] before = new byte[(int) entry.byteSize()];
        byte[] after = new byte[before.length];
        if (entry.dtype() == DType.INT8) {
          first.read(entry.name(), ByteBuffer.wrap(before));
          second.read(entry.name(), ByteBuffer.wrap(after));
          assertArrayEquals(before, after, entry.name());
        }
      }
    }
    assertFalse(Files.readString(wide.resolve("config.json")).contains("quantization_config"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf-itm", "hf-t5", "hf-instructblip", "hf-blip2-llama"})
  void convert_otherKinds_load(String name) throws IOException {
    Path target = folder.resolve("out");

    WeightTypes.convert(Fixtures.own(name), DType.INT8, target);

    try (var before = Inspection.open(Fixtures.own(name));
        var after = Inspection.open(target)) {
      assertEquals(before.kind(), after.kind());
      assertTrue(after.uses().stream().anyMatch(Inspection.Use::loads), after.uses().toString());
    }
  }

  @Test
  void convert_valuesBeyondFloat16_areRefused() throws IOException {
    Path model = folder.resolve("model");
    Path target = folder.resolve("out");
    Files.createDirectories(model);
    Files.copy(OPT.resolve("config.json"), model.resolve("config.json"));
    var spec = new TensorSpec("x.weight", DType.FLOAT32, Shape.of(1, 2));
    try (var writer = SafetensorsWriter.create(model.resolve("model.safetensors"), List.of(spec))) {
      ByteBuffer values = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      writer.write("x.weight", values.putFloat(1).putFloat(70_000).flip());
    }

    assertEquals(
        "model.safetensors: values of x.weight expected within float16's 65504, got 70000.0; take"
            + " bfloat16",
        assertThrows(
                CheckpointException.class, () -> WeightTypes.convert(model, DType.FLOAT16, target))
            .getMessage());
    assertFalse(Files.exists(target.resolve("model.safetensors")));
  }

  @Test
  void convert_ontoItself_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> WeightTypes.convert(OPT, DType.INT8, OPT));
    assertThrows(
        IllegalArgumentException.class,
        () -> WeightTypes.convert(OPT, DType.INT64, folder.resolve("out")));
  }

  @Test
  void convert_bytesWithoutScale_areRefused() throws IOException {
    Path model = folder.resolve("model");
    Files.createDirectories(model);
    Files.copy(OPT.resolve("config.json"), model.resolve("config.json"));
    var spec = new TensorSpec("x.weight", DType.INT8, Shape.of(1, 2));
    try (var writer = SafetensorsWriter.create(model.resolve("model.safetensors"), List.of(spec))) {
      writer.write("x.weight", ByteBuffer.allocate(2));
    }

    for (DType type : List.of(DType.FLOAT32, DType.INT8)) {
      assertEquals(
          "model.safetensors: x.weight expected with its scale, x.weight_scale, got bytes alone;"
              + " save the model without quantization",
          assertThrows(
                  CheckpointException.class,
                  () -> WeightTypes.convert(model, type, folder.resolve("out")))
              .getMessage());
    }
  }

  @Test
  void convert_valuesThatAreNotFinite_becomeNoBytes() throws IOException {
    Path model = folder.resolve("model");
    Files.createDirectories(model);
    Files.copy(OPT.resolve("config.json"), model.resolve("config.json"));
    var spec = new TensorSpec("x.weight", DType.FLOAT32, Shape.of(1, 2));
    for (float value : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      try (var writer =
          SafetensorsWriter.create(model.resolve("model.safetensors"), List.of(spec))) {
        ByteBuffer values = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        writer.write("x.weight", values.putFloat(1).putFloat(value).flip());
      }

      assertEquals(
          "model.safetensors: values of x.weight expected finite for int8, got "
              + (Float.isNaN(value) ? "NaN" : "Infinity")
              + "; take bfloat16",
          assertThrows(
                  CheckpointException.class,
                  () -> WeightTypes.convert(model, DType.INT8, folder.resolve("out")))
              .getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "checkpoint.pth"})
  void convert_checkpointOfLavis_saysWhatToDoFirst(String file) {
    Path lavis = Fixtures.own("lavis-stage1").resolve(file);

    String message =
        String.valueOf(
            assertThrows(
                    CheckpointException.class,
                    () -> WeightTypes.convert(lavis, DType.INT8, folder.resolve("out")))
                .getMessage());
    assertTrue(message.contains("--from lavis"), message);
  }

  /** A merged folder has the weights as they read, so its configuration tells of no bytes. */
  @Test
  void merge_intoInt8_tellsOfNoQuantization() throws IOException {
    Path bytes = folder.resolve("int8");
    Path merged = folder.resolve("merged");
    WeightTypes.convert(OPT, DType.INT8, bytes);

    LoraMerge.merge(bytes, Fixtures.own("peft").resolve("hf-opt"), merged);

    assertTrue(Files.readString(bytes.resolve("config.json")).contains("quantization_config"));
    assertFalse(Files.readString(merged.resolve("config.json")).contains("quantization_config"));
    try (SafetensorsFile file = SafetensorsFile.open(merged.resolve("model.safetensors"))) {
      assertEquals(DType.FLOAT32, entry(file.tensors(), LINEAR).dtype());
    }
  }

  private static List<String> captions(Path model) throws IOException {
    List<String> captions = new ArrayList<>();
    try (Blip2 blip2 = Blip2.load(model);
        Stream<Path> images = Files.list(OPT.resolve("images"))) {
      for (Path image : images.sorted().toList()) {
        captions.add(blip2.caption(blip2.read(image)));
      }
    }
    return captions;
  }

  private static float[] floats(Checkpoint file, String name) throws IOException {
    int bytes = (int) entry(file.tensors(), name).byteSize();
    ByteBuffer read = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    file.read(name, read);
    float[] floats = new float[bytes / Float.BYTES];
    read.flip().asFloatBuffer().get(floats);
    return floats;
  }

  private static TensorEntry entry(Map<String, TensorEntry> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }
}
