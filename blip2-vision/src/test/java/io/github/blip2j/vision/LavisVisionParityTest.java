package io.github.blip2j.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.Attention.InputBias;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Both towers against LAVIS: normed features of every patch, from LAVIS's own parameters. */
final class LavisVisionParityTest {
  private static final double NORM_EPS = 1e-5; // of ln_vision, whatever the tower's

  static List<Path> folders() {
    return Fixtures.folders("LAVIS", folder -> Files.exists(folder.resolve("model.json")));
  }

  @ParameterizedTest
  @MethodSource("folders")
  void imageFeatures_agreeWithLavis(Path folder) throws IOException {
    VisionTransformerConfig config = config(folder);
    try (Golden golden = Golden.open(folder);
        Checkpoint checkpoint = open(folder);
        Scope scope = Scope.open()) {
      Params params = params(checkpoint, config, scope);
      var vision = new VisionTransformer(config, params.at("vision"));
      var norm = new LayerNorm(config.dim(), NORM_EPS, params.at("visionNorm"));
      params.finish();

      Tensor features = norm.forward(vision.forward(golden.get("pixel_values"), evaluation()));

      golden.assertClose("image_embeds", features, 1e-4);
    }
  }

  @ParameterizedTest
  @MethodSource("folders")
  void fewerBlocksThanStored_areBuiltFromTheFirst(Path folder) throws IOException {
    VisionTransformerConfig config = config(folder);
    VisionTransformerConfig fewer = config.withLayers(config.layers() - 1);
    try (Golden golden = Golden.open(folder);
        Checkpoint checkpoint = open(folder);
        Scope scope = Scope.open()) {
      Params all = params(checkpoint, config, scope);
      Params some = params(checkpoint, fewer, scope);
      var whole = new VisionTransformer(config, all.at("vision"));
      var part = new VisionTransformer(fewer, some.at("vision"));
      var norm = new LayerNorm(config.dim(), NORM_EPS, some.at("visionNorm"));
      some.finish();
      Tensor[] expected = new Tensor[1];
      Tensor pixels = golden.get("pixel_values");

      whole.forward(
          pixels,
          evaluation()
              .observedBy(
                  new ForwardPass.Observer() {
                    @Override
                    public void hiddenState(String path, int index, Tensor x) {
                      if (index == fewer.layers()) {
                        expected[0] = norm.forward(x);
                      }
                    }
                  }));

      Tensor features = norm.forward(part.forward(pixels, evaluation()));
      Golden.assertClose("features", expected[0].toFloats(), features.toFloats(), 0);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"EVA", "CLIP"})
  void bothTowers_areAmongTheFolders(VisionTransformerKind kind) throws IOException {
    assertEquals(kind, config(kind).kind());
  }

  private static ForwardPass evaluation() {
    return ForwardPass.evaluation();
  }

  private static Checkpoint open(Path folder) throws IOException {
    return Checkpoint.open(folder.resolve("checkpoint.pth"));
  }

  private static Params params(Checkpoint checkpoint, VisionTransformerConfig config, Scope home) {
    KeyMap.Builder keys = KeyMap.builder().rename("visionNorm", "ln_vision");
    LavisVisionNames.add(keys, config, "vision", "visual_encoder");
    for (String other : List.of("Qformer.*", "query_tokens", "*_proj.*", "itm_head.*", "temp")) {
      keys.ignore(other);
    }
    return Params.root(new CheckpointWeights("checkpoint.pth", checkpoint, keys.build()), home);
  }

  /** The project's own tower of this family. */
  static VisionTransformerConfig config(VisionTransformerKind kind) throws IOException {
    String folder = kind == VisionTransformerKind.CLIP ? "lavis-stage1-clip" : "lavis-stage1";
    return config(Fixtures.own(folder));
  }

  private static VisionTransformerConfig config(Path folder) throws IOException {
    ConfigJson json = ConfigJson.read(folder.resolve("model.json"));
    boolean clip = json.stringAt("vit", "").equals("clip");
    int dim = json.intAt("vision_width");
    VisionTransformerConfig released =
        clip
            ? VisionTransformerConfig.clipL()
            : VisionTransformerConfig.evaG().withInputBias(InputBias.QUERY_AND_VALUE);
    return released
        .withSizes(
            dim,
            json.intAt("vision_layers"),
            json.intAt("vision_heads"),
            (int) (dim * json.doubleAt("mlp_ratio")))
        .withPatches(json.intAt("image_size"), json.intAt("patch_size"));
  }
}
