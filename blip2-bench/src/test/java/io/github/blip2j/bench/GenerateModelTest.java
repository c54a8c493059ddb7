package io.github.blip2j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

final class GenerateModelTest {
  private static final Path OPT =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "hf-opt");
  private static final Path T5 =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "hf-t5");
  private static final Path LLAMA =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "hf-blip2-llama");

  @TempDir private Path folder;

  static Stream<Path> models() {
    return Stream.of(OPT, T5, LLAMA);
  }

  @ParameterizedTest
  @MethodSource("models")
  void layout_ofASmallModelsSizes_isItsFile(Path model) throws IOException {
    Blip2Config config = Blip2Config.fromJson(ConfigJson.read(model.resolve("config.json")));
    Map<String, Shape> written = new TreeMap<>();
    for (TensorSpec spec : HuggingFaceLayout.of(config, DType.FLOAT32)) {
      written.put(spec.name(), spec.shape());
    }

    Map<String, Shape> stored = new TreeMap<>();
    try (var file = SafetensorsFile.open(model.resolve("model.safetensors"))) {
      file.tensors().forEach((name, entry) -> stored.put(name, entry.shape()));
    }

    assertEquals(stored, written);
  }

  @ParameterizedTest
  @MethodSource("models")
  void write_asASmallModel_isLoadedAndWrites(Path model) throws IOException {
    Path out = folder.resolve("model");

    GenerateModel.write(out, Files.readString(model.resolve("config.json")), model);

    try (var blip2 = Blip2.load(out)) {
      var gray = new BufferedImage(60, 40, BufferedImage.TYPE_BYTE_GRAY);
      Generated text = blip2.generate(gray, "", GenerationConfig.greedy().maxNewTokens(3)).get(0);
      assertTrue(text.tokenIds().size() > 0 && Double.isFinite(text.score()), text.toString());
    }
  }

  @ParameterizedTest
  @EnumSource
  void config_ofAPreset_hasItsSizes(Preset preset) throws IOException {
    ConfigJson json = ConfigJson.parse("config.json", GenerateModel.config(preset));

    assertEquals(preset.sizes(), Blip2Config.fromJson(json));
  }

  @ParameterizedTest
  @CsvSource({"opt-2.7b, 3744", "flan-t5-xl, 3942", "vicuna-7b, 7832"})
  void layout_ofFullSize_hasThatManyMillionWeights(String preset, long millions) {
    long weights =
        HuggingFaceLayout.of(Preset.named(preset).sizes(), DType.BFLOAT16).stream()
            .mapToLong(spec -> spec.shape().size())
            .sum();

    assertEquals(millions, weights / 1_000_000);
  }

  @Test
  void main_withoutFolders_saysWhatIsMissing() {
    var generate =
        assertThrows(IllegalArgumentException.class, () -> GenerateModel.main(new String[0]));

    assertEquals(
        "GenerateModel: arguments expected OUT-FOLDER TOKENIZER-FOLDER [PRESET], got 0",
        generate.getMessage());
  }
}
