package io.github.blip2j.blip2.checkpoint.hf;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.checkpoint.files.Blip2Source;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.LibraryFormat;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;

/** The settings files of a folder of this library; see {@link LibraryFormat}. */
public final class LibraryFolder {
  private LibraryFolder() {}

  /** Writes all files of a model of the first stage except weights and tokenizer. */
  public static void write(Path folder, Blip2RetrievalConfig config, ImageProcessor processor)
      throws IOException {
    Blip2QformerConfig sizes = config.qformer();
    JsonObject json =
        model("Blip2ForImageTextRetrieval", config.vision(), sizes.visionNormEps(), sizes.bert());
    json.addProperty("num_query_tokens", sizes.queryTokens());
    json.addProperty("image_text_hidden_size", sizes.projectionDim());
    json.addProperty(LibraryFormat.MAX_TEXT_TOKENS, sizes.maxTextTokens());
    write(folder, json, processor);
  }

  /** Writes all files of a model with a language model except weights. */
  public static void write(Path folder, Blip2Source source, ImageProcessor processor)
      throws IOException {
    Blip2Config config = source.config();
    JsonObject json =
        model(
            "Blip2ForConditionalGeneration",
            config.vision(),
            config.visionNormEps(),
            config.qformer());
    json.addProperty("num_query_tokens", config.queryTokens());
    if (config.imageTokenId() != null) {
      json.addProperty("image_token_index", config.imageTokenId());
    }
    json.add("text_config", source.textConfig());
    write(folder, json, processor);
    source.copyTokenizers(folder);
  }

  private static JsonObject model(
      String architecture, VisionConfig vision, double visionNormEps, BertConfig qformer) {
    var json = new JsonObject();
    var architectures = new JsonArray();
    architectures.add(architecture);
    json.add("architectures", architectures);
    json.addProperty("model_type", LibraryFormat.MODEL_TYPE);
    JsonObject visionJson = vision.toJson();
    visionJson.addProperty(Blip2Config.VISION_NORM_EPS, visionNormEps);
    json.add("vision_config", visionJson);
    JsonObject qformerJson = Blip2Json.qformer(qformer);
    qformerJson.addProperty("use_qformer_text_input", qformer.text());
    json.add("qformer_config", qformerJson);
    return json;
  }

  private static void write(Path folder, JsonObject json, ImageProcessor processor)
      throws IOException {
    write(folder.resolve("config.json"), json);
    write(folder.resolve("preprocessor_config.json"), processor.config().toJson());
  }

  private static void write(Path file, JsonObject json) throws IOException {
    OutputFile.write(file, new GsonBuilder().setPrettyPrinting().create().toJson(json) + "\n");
  }
}
