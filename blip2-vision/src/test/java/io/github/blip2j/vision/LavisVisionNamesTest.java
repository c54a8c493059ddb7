package io.github.blip2j.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.nn.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of the towers alone; those within BLIP-2's checkpoints are read by the parity tests. */
final class LavisVisionNamesTest {
  private static KeyMap keys(VisionTransformerConfig config) {
    return LavisVisionNames.add(KeyMap.builder(), config, "vision", "").build();
  }

  @ParameterizedTest
  @CsvSource({
    "blocks.39.norm1.weight, true",
    "blocks.38.norm1.weight, false",
    "norm.weight, true",
    "head.bias, true",
    "pos_embed, false",
    "mystery, false"
  })
  void eva_beyondTheThirtyNinthBlock_isIgnored(String name, boolean ignored) {
    assertEquals(ignored, keys(VisionConfig.evaG()).ignores(name));
  }

  @Test
  void clip_beyondTheTwentyThirdBlock_isIgnored() {
    KeyMap keys = keys(VisionConfig.clipL());

    assertTrue(keys.ignores("transformer.resblocks.23.ln_1.weight"));
    assertTrue(keys.ignores("ln_post.weight"));
    assertTrue(keys.ignores("proj"));
    assertFalse(keys.ignores("transformer.resblocks.22.attn.out_proj.weight"));
  }

  @Test
  void clip_inputs_areThirdsOfOneTensor() {
    KeyMap keys = keys(VisionConfig.clipL());

    assertEquals(
        new KeyMap.Key("transformer.resblocks.4.attn.in_proj_bias", 1, 3),
        keys.toStored("vision.layers.4.attention.key.bias"));
  }

  @Test
  void eva_allBiasesInOneTensor_areThirdsOfIt() {
    KeyMap keys = keys(VisionConfig.evaG());

    assertEquals(
        new KeyMap.Key("blocks.4.attn.qkv.bias", 2, 3),
        keys.toStored("vision.layers.4.attention.value.bias"));
  }
}
