package io.github.blip2j.blip2.checkpoint.hf;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.checkpoint.files.PreprocessorJson;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionTransformerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** The settings files of a Hugging Face folder of a BLIP-2 or InstructBLIP. */
public final class Blip2Json {
  private static final int PROJECTION_DIM =
      256; // of heads that a model for generation does not have
  private static final String TIED = "tie_word_embeddings";

  private Blip2Json() {}

  /**
   * Writes all files of a folder except weights, tokenizers and their settings.
   *
   * @param text the {@code text_config}
   * @throws CheckpointException if the vision encoder is not EVA's; Hugging Face has no other
   */
  public static void write(Path folder, Blip2Config config, JsonObject text) throws IOException {
    String processor = processor(config);
    OutputFile.write(folder.resolve("config.json"), of(config, text));
    OutputFile.write(
        folder.resolve("preprocessor_config.json"),
        PreprocessorJson.of(config.vision().imageSize(), processor));
    OutputFile.write(
        folder.resolve("processor_config.json"),
        String.format(
            Locale.ROOT,
            "{\"num_query_tokens\": %d, \"processor_class\": \"%s\"}%n",
            config.queryTokens(),
            processor));
  }

  /** The name of the processor class in transformers. */
  public static String processor(Blip2Config config) {
    return config.readsInstruction() ? "InstructBlipProcessor" : "Blip2Processor";
  }

  /**
   * The {@code config.json} for {@code Blip2ForConditionalGeneration} or {@code
   * InstructBlipForConditionalGeneration}.
   *
   * @param text the {@code text_config}
   * @throws CheckpointException if the vision encoder is not EVA's; Hugging Face has no other
   */
  static String of(Blip2Config config, JsonObject text) throws CheckpointException {
    requireHuggingFace(config.vision());
    var json = new JsonObject();
    var architectures = new JsonArray();
    boolean instructed = config.readsInstruction();
    architectures.add(
        instructed ? "InstructBlipForConditionalGeneration" : "Blip2ForConditionalGeneration");
    json.add("architectures", architectures);
    json.addProperty("model_type", instructed ? "instructblip" : "blip-2");
    json.addProperty("dtype", "float32");
    if (!instructed) {
      json.addProperty("image_text_hidden_size", PROJECTION_DIM);
    }
    if (config.imageTokenId() != null) {
      json.addProperty("image_token_index", config.imageTokenId());
    }
    json.addProperty("num_query_tokens", config.queryTokens());
    json.addProperty("use_decoder_only_language_model", !config.text().family().encodes());
    JsonElement tied = text.get(TIED);
    if (tied != null) {
      json.add(TIED, tied);
    }
    json.add("qformer_config", qformer(config.qformer()));
    json.add("text_config", text);
    JsonObject vision = vision(config.vision(), instructed);
    if (config.visionNormEps() != config.vision().normEps()) {
      vision.addProperty(Blip2Config.VISION_NORM_EPS, config.visionNormEps());
    }
    json.add("vision_config", vision);
    return new GsonBuilder().setPrettyPrinting().create().toJson(json) + "\n";
  }

  /**
   * Checks that Hugging Face has a BLIP-2 with such a vision encoder.
   *
   * @throws CheckpointException if it has not
   */
  public static void requireHuggingFace(VisionConfig vision) throws CheckpointException {
    if (!vision.family().isInHuggingFaceBlip2()) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "export: vision encoder expected to be EVA's, the one Hugging Face's BLIP-2 has, got"
                  + " %s; export %sto a folder of this library (toFolder, --export blip2j)",
              vision.family().name(),
              vision.family().lavis().isPresent() ? "for LAVIS, or " : ""));
    }
  }

  static JsonObject qformer(BertConfig sizes) {
    var json = new JsonObject();
    json.addProperty("model_type", sizes.text() ? "instructblip_qformer" : "blip_2_qformer");
    json.addProperty("hidden_size", sizes.dim());
    json.addProperty("encoder_hidden_size", sizes.encoderDim());
    json.addProperty("num_hidden_layers", sizes.layers());
    json.addProperty("num_attention_heads", sizes.heads());
    json.addProperty("intermediate_size", sizes.mlpDim());
    json.addProperty("cross_attention_frequency", sizes.crossAttentionEvery());
    json.addProperty("vocab_size", sizes.vocabSize());
    json.addProperty("max_position_embeddings", sizes.maxPositions());
    json.addProperty("hidden_act", "gelu");
    json.addProperty("layer_norm_eps", sizes.normEps());
    json.addProperty("hidden_dropout_prob", sizes.dropout());
    json.addProperty("attention_probs_dropout_prob", sizes.attentionDropout());
    if (!sizes.text()) {
      json.addProperty("use_qformer_text_input", false);
    }
    return json;
  }

  /** The {@code vision_config} of EVA. Its attention keys always have a bias there. */
  public static JsonObject vision(VisionConfig sizes, boolean instructed) {
    JsonObject json = sizes.toJson();
    if (instructed) {
      json.addProperty("model_type", "instructblip_vision_model");
    }
    json.remove(VisionTransformerConfig.KEY_BIAS);
    return json;
  }
}
