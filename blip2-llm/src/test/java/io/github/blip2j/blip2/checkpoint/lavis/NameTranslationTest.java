package io.github.blip2j.blip2.checkpoint.lavis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NameTranslationTest {
  @ParameterizedTest
  @CsvSource({
    "visual_encoder.cls_token, vision_model.embeddings.class_embedding",
    "visual_encoder.pos_embed, vision_model.embeddings.position_embedding",
    "visual_encoder.patch_embed.proj.bias, vision_model.embeddings.patch_embedding.bias",
    "ln_vision.weight, vision_model.post_layernorm.weight",
    "visual_encoder.blocks.38.norm1.bias, vision_model.encoder.layers.38.layer_norm1.bias",
    "visual_encoder.blocks.0.norm2.bias, vision_model.encoder.layers.0.layer_norm2.bias",
    "visual_encoder.blocks.0.attn.qkv.weight, vision_model.encoder.layers.0.self_attn.qkv.weight",
    "visual_encoder.blocks.0.attn.proj.bias, vision_model.encoder.layers.0.self_attn.projection.bias",
    "visual_encoder.blocks.0.mlp.fc1.bias, vision_model.encoder.layers.0.mlp.fc1.bias",
    "Qformer.bert.embeddings.LayerNorm.bias, qformer.layernorm.bias",
    "Qformer.bert.embeddings.word_embeddings.weight, embeddings.word_embeddings.weight",
    "Qformer.bert.encoder.layer.2.crossattention.self.key.bias,"
        + " qformer.encoder.layer.2.crossattention.attention.key.bias",
    "Qformer.bert.encoder.layer.2.attention.self.key.bias,"
        + " qformer.encoder.layer.2.attention.attention.key.bias",
    "Qformer.bert.encoder.layer.2.output_query.LayerNorm.bias,"
        + " qformer.encoder.layer.2.output_query.LayerNorm.bias",
    "query_tokens, query_tokens",
    "vision_proj.weight, vision_projection.weight",
    "text_proj.weight, text_projection.weight",
    "itm_head.bias, itm_head.bias",
    "opt_proj.weight, language_projection.weight",
    "opt_model.model.decoder.layers.0.fc1.weight, language_model.model.decoder.layers.0.fc1.weight",
    "t5_proj.bias, language_projection.bias",
    "t5_model.encoder.block.0.layer.0.SelfAttention.q.weight,"
        + " language_model.encoder.block.0.layer.0.SelfAttention.q.weight"
  })
  void name_thereAndBack_isTheSame(String lavis, String huggingFace) {
    String kind = lavis.startsWith("t5") ? "t5" : "opt";

    assertEquals(Optional.of(huggingFace), NameTranslation.toHuggingFace(lavis, false));
    assertEquals(Optional.of(lavis), NameTranslation.toLavis(huggingFace, kind));
  }

  @ParameterizedTest
  @CsvSource({
    "Qformer.bert.embeddings.LayerNorm.bias, qformer.embeddings.layernorm.bias",
    "Qformer.bert.embeddings.word_embeddings.weight, qformer.embeddings.word_embeddings.weight",
    "Qformer.bert.embeddings.position_embeddings.weight,"
        + " qformer.embeddings.position_embeddings.weight",
    "Qformer.bert.encoder.layer.2.intermediate.dense.bias,"
        + " qformer.encoder.layer.2.intermediate.dense.bias",
    "visual_encoder.pos_embed, vision_model.embeddings.position_embedding",
    "llm_proj.weight, language_projection.weight",
    "llm_model.lm_head.weight, language_model.lm_head.weight"
  })
  void name_ofInstructBlip_thereAndBackIsTheSame(String lavis, String huggingFace) {
    assertEquals(Optional.of(huggingFace), NameTranslation.toHuggingFace(lavis, true));
    assertEquals(Optional.of(lavis), NameTranslation.toLavis(huggingFace, "llm"));
  }

  @Test
  void name_ofSomethingElse_hasNoCounterpart() {
    assertEquals(Optional.empty(), NameTranslation.toHuggingFace("resnet.weight", true));
    assertEquals(Optional.empty(), NameTranslation.toLavis("resnet.weight", "opt"));
  }
}
