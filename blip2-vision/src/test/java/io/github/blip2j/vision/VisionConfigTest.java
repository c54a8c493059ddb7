package io.github.blip2j.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.golden.ConfigText;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.Attention.InputBias;
import io.github.blip2j.tensor.types.Activation;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class VisionConfigTest {
  @Test
  void fromJson_empty_isViTG() throws CheckpointException {
    assertEquals(VisionConfig.evaG(), VisionConfig.fromJson(ConfigText.of("{}")));
    assertEquals(16, VisionConfig.evaG().grid());
  }

  @Test
  void fromJson_everyKey_isRead() throws CheckpointException {
    String json =
        """
        {"hidden_size": 20, "num_hidden_layers": 3, "num_attention_heads": 5,
         "intermediate_size": 30, "image_size": 29, "patch_size": 7,
         "hidden_act": "quick_gelu", "layer_norm_eps": 1e-3, "qkv_bias": false}
        """;

    var config = (VisionTransformerConfig) VisionConfig.fromJson(ConfigText.of(json));

    assertEquals(
        List.of(20, 3, 5, 30, 29, 7),
        List.of(
            config.dim(),
            config.layers(),
            config.heads(),
            config.mlpDim(),
            config.imageSize(),
            config.patchSize()));
    assertEquals(Activation.QUICK_GELU, config.activation());
    assertEquals(1e-3, config.normEps());
    assertEquals(InputBias.NONE, config.inputBias());
    assertEquals(4, config.grid());
  }

  @Test
  void heads_thatDoNotDivide_areRefused() {
    var json = ConfigText.of("{\"hidden_size\": 30, \"num_attention_heads\": 4}");

    var e = assertThrows(IllegalArgumentException.class, () -> VisionConfig.fromJson(json));

    assertEquals("VisionConfig: heads must divide dim, got heads=4, dim=30", e.getMessage());
  }

  @Test
  void patch_largerThanThePicture_isRefused() {
    var json = ConfigText.of("{\"image_size\": 8, \"patch_size\": 14}");

    var e = assertThrows(IllegalArgumentException.class, () -> VisionConfig.fromJson(json));

    assertEquals(
        "VisionConfig: patchSize must be within imageSize, got patchSize=14, imageSize=8",
        e.getMessage());
  }

  @Test
  void clipL_isTwentyThreeBlocksOfQuickGelu() {
    VisionTransformerConfig clip = VisionConfig.clipL();

    assertEquals(VisionFamilies.CLIP, clip.family());
    assertEquals(
        List.of(1024, 23, 16, 4096, 16),
        List.of(clip.dim(), clip.layers(), clip.heads(), clip.mlpDim(), clip.grid()));
    assertEquals(Activation.QUICK_GELU, clip.activation());
    assertEquals(1e-5, clip.normEps());
  }

  @Test
  void withImageSize_changesTheGridAlone() {
    VisionTransformerConfig larger = VisionConfig.evaG().withImageSize(364);

    assertEquals(26, larger.grid());
    assertEquals(VisionConfig.evaG(), larger.withImageSize(224));
  }

  @ParameterizedTest
  @ValueSource(ints = {365, 363, 13, 0, -14})
  void withImageSize_notFilledByPatches_isRefused(int size) {
    VisionTransformerConfig config = VisionConfig.evaG();

    var e = assertThrows(IllegalArgumentException.class, () -> config.withImageSize(size));

    assertEquals(
        "vision: image size expected a multiple of the patches' 14 pixels, got " + size,
        e.getMessage());
  }

  @Test
  void withDropPath_growsFromTheFirstBlockToTheLast() {
    VisionTransformerConfig config = VisionConfig.evaG().withDropPath(0.4);

    assertEquals(0, config.dropPathAt(0));
    assertEquals(0.2, config.dropPathAt(19), 1e-12);
    assertEquals(0.4, config.dropPathAt(38), 1e-12);
    assertEquals(VisionConfig.evaG(), config.withDropPath(0));
  }

  @Test
  void dropPath_outOfBounds_isRefused() {
    VisionTransformerConfig config = VisionConfig.evaG();

    var e = assertThrows(IllegalArgumentException.class, () -> config.withDropPath(1));

    assertEquals("VisionConfig: dropPath must be in [0, 1), got 1.0", e.getMessage());
  }
}
