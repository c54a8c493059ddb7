package io.github.blip2j.blip2.checkpoint.lavis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.torch.TorchWriter;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.LavisEncoder;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamilies;
import io.github.blip2j.vision.VisionFamily;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file of LAVIS with a vision encoder of one's own, whose family the options name. */
final class OwnLavisEncoderTest {
  private static final String PATCHES = "visual_encoder.patch_embed.proj.weight";
  private static final String STEM = "visual_encoder.stem.weight";

  /** An EVA whose patches have another name, and which tells when its sizes are asked for. */
  private static final class Stemmed implements VisionFamily, LavisEncoder {
    private final LavisEncoder eva = VisionFamilies.EVA.lavis().orElseThrow();

    @Override
    public String name() {
      return "Stemmed";
    }

    @Override
    public List<String> modelTypes() {
      return List.of("stemmed");
    }

    @Override
    public VisionConfig read(ConfigJson json) throws CheckpointException {
      return VisionFamilies.EVA.read(json);
    }

    @Override
    public Optional<LavisEncoder> lavis() {
      return Optional.of(this);
    }

    @Override
    public boolean isIn(Set<String> stored, String theirs) {
      return stored.contains((theirs.isEmpty() ? "" : theirs + ".") + "stem.weight");
    }

    @Override
    public VisionConfig released() {
      return eva.released();
    }

    @Override
    public VisionConfig sizes(String where, Shapes shapes, String path, int heads)
        throws CheckpointException {
      throw new CheckpointException(
          "stemmed: patches of " + shapes.size(path + ".patches.weight", 3));
    }

    @Override
    public int dim(Shapes shapes, String path) throws CheckpointException {
      return eva.dim(shapes, path);
    }

    @Override
    public int headWidth() {
      return eva.headWidth();
    }

    @Override
    public int heads(VisionConfig config) {
      return eva.heads(config);
    }

    @Override
    public VisionConfig stored(VisionConfig config) {
      return eva.stored(config);
    }

    @Override
    public boolean lacksKeyBias() {
      return eva.lacksKeyBias();
    }

    @Override
    public KeyMap.Builder addNames(
        KeyMap.Builder keys, VisionConfig config, String ours, String theirs) {
      keys.rename(ours + ".patches.weight", theirs + ".stem.weight");
      return eva.addNames(keys, config, ours, theirs);
    }
  }

  private static final VisionFamilies FAMILIES = VisionFamilies.builtIn().with(new Stemmed());

  @TempDir private Path folder;

  @Test
  void vision_ofKnownFamilies_isTheOneWhoseTensorsAreThere() {
    Set<String> stored = Set.of(STEM, "query_tokens");

    assertTrue(LavisNames.vision(VisionFamilies.builtIn(), stored, LavisNames.VISION).isEmpty());
    assertEquals(
        "Stemmed", LavisNames.vision(FAMILIES, stored, LavisNames.VISION).orElseThrow().name());
  }

  @Test
  void load_stageOne_takesTheFamiliesOfTheOptions() throws IOException {
    Path file = stageOne();
    var options = LoadOptions.of(Precision.FLOAT32);
    try (Scope home = Scope.detached()) {
      var unknown =
          assertThrows(CheckpointException.class, () -> RetrievalLoader.load(file, home, options));
      var own =
          assertThrows(
              CheckpointException.class,
              () -> RetrievalLoader.load(file, home, options.withVisionFamilies(FAMILIES)));

      assertTrue(String.valueOf(unknown.getMessage()).contains(PATCHES), unknown::getMessage);
      assertEquals("stemmed: patches of 8", own.getMessage());
    }
  }

  @Test
  void open_encoderInAFile_takesItsFamilies() throws IOException {
    Path file = stageOne();

    try (var source = VisionEncoderSource.open(file, FAMILIES)) {
      var own = assertThrows(CheckpointException.class, source::config);

      assertEquals("stemmed: patches of 8", own.getMessage());
    }
  }

  /** The small model of LAVIS with the patches under the own name. */
  private Path stageOne() throws IOException {
    Path golden = Fixtures.own("lavis-stage1");
    Path file = folder.resolve("checkpoint.pth");
    Files.copy(golden.resolve("model.json"), folder.resolve("model.json"));
    try (Checkpoint from = Checkpoint.open(golden.resolve("checkpoint.pth"))) {
      List<TensorCopy> copies = new ArrayList<>();
      for (TensorEntry entry : from.tensors().values()) {
        copies.add(TensorCopy.whole(entry.name().equals(PATCHES) ? STEM : entry.name(), entry));
      }
      var specs = copies.stream().map(TensorCopy::spec).toList();
      try (var writer = TorchWriter.create(file, specs)) {
        for (TensorCopy each : copies) {
          each.write(from, writer::write);
        }
      }
    }
    return file;
  }
}
