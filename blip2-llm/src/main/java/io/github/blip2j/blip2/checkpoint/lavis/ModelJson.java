package io.github.blip2j.blip2.checkpoint.lavis;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.checkpoint.files.AttentionHeads;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.vision.VisionConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The {@code model.json} beside a checkpoint of LAVIS, with the settings that no tensor shows.
 * LAVIS has them in its own configuration and does not use this file.
 */
public final class ModelJson {
  private static final String NAME = "model.json";
  private static final String VISION_HEADS = "vision_heads";
  private static final String BERT_HEADS = "bert_heads";
  private static final String MAX_TEXT_TOKENS = "max_txt_len";
  private static final String VISION_NORM_EPS = "ln_vision_eps";

  private final ConfigJson json;

  private ModelJson(ConfigJson json) {
    this.json = json;
  }

  /** The file beside a checkpoint, or null if there is none. */
  static @Nullable ModelJson beside(Path checkpoint) throws IOException {
    Path told = checkpoint.resolveSibling(NAME);
    return Files.exists(told) ? new ModelJson(ConfigJson.read(told)) : null;
  }

  /** The epsilon of the norm after the vision encoder in the file beside a checkpoint, or null. */
  static @Nullable public Double visionNormEpsBeside(Path checkpoint) throws IOException {
    @Nullable ModelJson told = beside(checkpoint);
    return told != null && told.json.has(VISION_NORM_EPS)
        ? Double.valueOf(told.json.doubleAt(VISION_NORM_EPS))
        : null;
  }

  AttentionHeads heads() throws IOException {
    return new AttentionHeads(visionHeads(), qformerHeads());
  }

  int visionHeads() throws IOException {
    return json.intAt(VISION_HEADS);
  }

  int qformerHeads() throws IOException {
    return json.intAt(BERT_HEADS);
  }

  int maxTextTokens(int absent) throws IOException {
    return json.sizeAt(MAX_TEXT_TOKENS, absent);
  }

  /**
   * Writes the file.
   *
   * @param vision sizes of the vision encoder, whose heads are written if LAVIS has its family
   * @param bertHeads heads in the Q-Former
   * @param maxTextTokens null for a model that does not truncate texts
   */
  public static void write(
      Path folder,
      VisionConfig vision,
      int bertHeads,
      double visionNormEps,
      @Nullable Integer maxTextTokens)
      throws IOException {
    var json = new JsonObject();
    vision.family().lavis().ifPresent(lavis -> json.addProperty(VISION_HEADS, lavis.heads(vision)));
    json.addProperty(BERT_HEADS, bertHeads);
    json.addProperty(VISION_NORM_EPS, visionNormEps);
    if (maxTextTokens != null) {
      json.addProperty(MAX_TEXT_TOKENS, maxTextTokens);
    }
    String text = new GsonBuilder().setPrettyPrinting().create().toJson(json);
    OutputFile.write(folder.resolve(NAME), text + "\n");
  }
}
