package io.github.blip2j.blip2;

import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.ConfigJson;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.OptConfig;
import io.github.blip2j.llm.T5Config;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.vision.VisionConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sizes of a BLIP-2 that writes.
 *
 * @param queryTokens learned queries, and so the length of an image's soft prompt
 * @param imageTokenId the id that stands for one query in token lists, or null in checkpoints that
 *     have none
 */
public record Blip2Config(
    VisionConfig vision,
    BertConfig qformer,
    LanguageConfig text,
    int queryTokens,
    @Nullable Integer imageTokenId) {

  private static final String GENERATING = "Blip2ForConditionalGeneration";

  /** Checks that there are queries and that their token is one. */
  public Blip2Config {
    if (queryTokens <= 0) {
      throw new IllegalArgumentException(
          "Blip2Config: queryTokens must be positive, got " + queryTokens);
    }
    if (imageTokenId != null && (imageTokenId < 0 || imageTokenId >= text.vocabSize())) {
      throw new IllegalArgumentException(
          "Blip2Config: imageTokenId expected 0 to %d, got %d"
              .formatted(text.vocabSize() - 1, imageTokenId));
    }
  }

  /** {@code Salesforce/blip2-opt-2.7b}. */
  public static Blip2Config opt2b7() {
    return new Blip2Config(VisionConfig.evaG(), BertConfig.blip2(), OptConfig.opt2b7(), 32, 50265);
  }

  /** {@code Salesforce/blip2-flan-t5-xl}. */
  public static Blip2Config flanT5Xl() {
    return new Blip2Config(VisionConfig.evaG(), BertConfig.blip2(), T5Config.flanT5Xl(), 32, 32100);
  }

  /**
   * Reads a Hugging Face {@code config.json}.
   *
   * @throws CheckpointException if it is not a BLIP-2 with OPT or T5, or a value is of the wrong
   *     kind
   */
  public static Blip2Config fromJson(ConfigJson json) throws CheckpointException {
    requireOneOf(json, "model_type", json.stringAt("model_type", ""), "blip-2");
    requireGenerating(json);
    ConfigJson textJson = json.childOrEmpty("text_config");
    ConfigJson visionJson = json.childOrEmpty("vision_config");
    ConfigJson qformerJson = json.childOrEmpty("qformer_config");
    requireOneOf(
        json,
        "qformer_config.position_embedding_type",
        qformerJson.stringAt("position_embedding_type", "absolute"),
        "absolute");
    try {
      VisionConfig vision = VisionConfig.fromJson(visionJson);
      boolean placeholder = json.has("image_token_index") || json.has("image_token_id");
      String key = json.has("image_token_index") ? "image_token_index" : "image_token_id";
      return new Blip2Config(
          vision,
          BertConfig.fromJson(qformerJson, vision.dim()),
          language(json, textJson),
          json.sizeAt("num_query_tokens", 32),
          placeholder ? Integer.valueOf(json.intAt(key)) : null);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(json + ": " + e.getMessage());
    }
  }

  private static LanguageConfig language(ConfigJson json, ConfigJson textJson)
      throws CheckpointException {
    String kind = textJson.stringAt("model_type", "opt");
    return switch (kind) {
      case "opt" -> OptConfig.fromJson(textJson);
      case "t5" -> T5Config.fromJson(textJson);
      default ->
          throw new CheckpointException(
              "%s: text_config.model_type expected opt or t5, got %s".formatted(json, kind));
    };
  }

  /** A retrieval checkpoint calls itself blip-2 too, but has no language model. */
  private static void requireGenerating(ConfigJson json) throws CheckpointException {
    List<String> architectures = json.stringsAt("architectures");
    if (!architectures.isEmpty() && !architectures.contains(GENERATING)) {
      throw new CheckpointException(
          "%s: architectures expected %s, got %s"
              .formatted(json, GENERATING, String.join(", ", architectures)));
    }
  }

  private static void requireOneOf(ConfigJson json, String key, String got, String expected)
      throws CheckpointException {
    if (!got.equals(expected)) {
      throw new CheckpointException(
          "%s: %s expected %s, got %s"
              .formatted(json, key, expected, got.isEmpty() ? "nothing" : got));
    }
  }
}
