package io.github.blip2j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.blip2.Blip2Config;
import io.github.blip2j.io.ConfigJson;
import io.github.blip2j.io.SafetensorsFile;
import io.github.blip2j.io.TensorSpec;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class GenerateModelTest {
  private static final Path BUNDLED =
      Path.of(
          "..",
          "blip2-llm",
          "src",
          "main",
          "resources",
          "io",
          "github",
          "blip2j",
          "blip2",
          "bundled");

  @Test
  void layout_ofTheBundledModelsSizes_isItsFile() throws IOException {
    Blip2Config config = Blip2Config.fromJson(ConfigJson.read(BUNDLED.resolve("config.json")));
    Map<String, Shape> written = new TreeMap<>();
    for (TensorSpec spec : HuggingFaceLayout.of(config, DType.FLOAT32)) {
      written.put(spec.name(), spec.shape());
    }

    Map<String, Shape> stored = new TreeMap<>();
    try (var file = SafetensorsFile.open(BUNDLED.resolve("model.safetensors"))) {
      file.tensors().forEach((name, entry) -> stored.put(name, entry.shape()));
    }

    assertEquals(stored, written);
  }

  @Test
  void layout_ofFullSize_has3744MillionWeights() {
    long weights =
        HuggingFaceLayout.of(Blip2Config.opt2b7(), DType.BFLOAT16).stream()
            .mapToLong(spec -> spec.shape().size())
            .sum();

    assertEquals(3744, weights / 1_000_000);
  }

  @Test
  void main_withoutFolders_saysWhatIsMissing() {
    var generate =
        assertThrows(IllegalArgumentException.class, () -> GenerateModel.main(new String[0]));

    assertEquals(
        "GenerateModel: arguments expected OUT-FOLDER TOKENIZER-FOLDER, got 0",
        generate.getMessage());
  }
}
