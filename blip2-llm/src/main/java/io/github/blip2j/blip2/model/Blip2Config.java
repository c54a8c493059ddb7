package io.github.blip2j.blip2.model;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.llama.LlamaConfig;
import io.github.blip2j.llm.opt.OptConfig;
import io.github.blip2j.llm.t5.T5Config;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.vision.VisionConfig;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Sizes of a BLIP-2 with a language model.
 *
 * @param queryTokens learned queries, and so the length of an image's soft prompt
 * @param imageTokenId the id that stands for one query in token lists, or null in checkpoints that
 *     have none
 * @param convention the reference whose numerics apply
 * @param ownVisionNormEps epsilon of the norm after the vision encoder if the checkpoint was
 *     trained with one of its own, or null for the convention's
 */
public record Blip2Config(
    VisionConfig vision,
    BertConfig qformer,
    LanguageConfig text,
    int queryTokens,
    @Nullable Integer imageTokenId,
    Convention convention,
    @Nullable Double ownVisionNormEps) {

  /**
   * Key of a {@code vision_config} for an epsilon that differs from the vision encoder's. Hugging
   * Face has one epsilon for both, keeps unknown keys, and computes with {@code layer_norm_eps}.
   */
  public static final String VISION_NORM_EPS = "post_layernorm_eps";

  private static final String OTHERWISE = "opt"; // as in transformers
  private static final String INSTRUCTED = "instructblip";

  /**
   * Checks that there are queries, that their token is one, and that a projection fits the language
   * model.
   */
  public Blip2Config {
    if (queryTokens <= 0) {
      throw new IllegalArgumentException(
          "Blip2Config: queryTokens must be positive, got " + queryTokens);
    }
    if (qformer.encoderDim() != vision.dim()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Blip2Config: encoderDim must be the vision width, got %d and %d",
              qformer.encoderDim(),
              vision.dim()));
    }
    text.requireJoinable();
    if (imageTokenId != null && (imageTokenId < 0 || imageTokenId >= text.vocabSize())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Blip2Config: imageTokenId expected 0 to %d, got %d",
              text.vocabSize() - 1,
              imageTokenId));
    }
  }

  /** Sizes with {@link Convention#HF}. */
  public Blip2Config(
      VisionConfig vision,
      BertConfig qformer,
      LanguageConfig text,
      int queryTokens,
      @Nullable Integer imageTokenId) {
    this(vision, qformer, text, queryTokens, imageTokenId, Convention.HF, null);
  }

  /** Sizes with {@link Convention#HF}, without an image token. */
  public static Blip2Config of(
      VisionConfig vision, BertConfig qformer, LanguageConfig text, int queryTokens) {
    return new Blip2Config(vision, qformer, text, queryTokens, null);
  }

  /** These sizes with another image token, or none. */
  public Blip2Config withImageTokenId(@Nullable Integer token) {
    return new Blip2Config(vision, qformer, text, queryTokens, token, convention, ownVisionNormEps);
  }

  /**
   * These sizes with an epsilon of the norm after the vision encoder, or null for the convention's.
   */
  public Blip2Config withOwnVisionNormEps(@Nullable Double eps) {
    return new Blip2Config(vision, qformer, text, queryTokens, imageTokenId, convention, eps);
  }

  /** These sizes with another convention. */
  public Blip2Config withConvention(Convention newConvention) {
    return new Blip2Config(
        vision, qformer, text, queryTokens, imageTokenId, newConvention, ownVisionNormEps);
  }

  /** Epsilon of the norm after the vision encoder. */
  public double visionNormEps() {
    return ownVisionNormEps == null ? convention.visionNormEps(vision) : ownVisionNormEps;
  }

  /** {@code Salesforce/blip2-opt-2.7b}. */
  public static Blip2Config opt2b7() {
    return new Blip2Config(VisionConfig.evaG(), BertConfig.blip2(), OptConfig.opt2b7(), 32, 50265);
  }

  /** {@code Salesforce/blip2-flan-t5-xl}. */
  public static Blip2Config flanT5Xl() {
    return new Blip2Config(VisionConfig.evaG(), BertConfig.blip2(), T5Config.flanT5Xl(), 32, 32100);
  }

  /** The vision side of {@link #opt2b7} before a Vicuna-7b. */
  public static Blip2Config vicuna7b() {
    return new Blip2Config(
        VisionConfig.evaG(), BertConfig.blip2(), LlamaConfig.vicuna7b(), 32, 32000);
  }

  /**
   * Whether the queries attend to the instruction besides the image, as in InstructBLIP (Dai et al.
   * 2023): its Q-Former has text embeddings, and those of other models with a language model have
   * none.
   */
  public boolean readsInstruction() {
    return qformer.text();
  }

  /** Reads a {@code config.json} with the installed families. */
  public static Blip2Config fromJson(ConfigJson json) throws CheckpointException {
    return fromJson(json, Families.installed());
  }

  /**
   * Reads a Hugging Face {@code config.json}, or one of this library's format.
   *
   * @throws CheckpointException if it is not a BLIP-2, the family of the vision encoder or of the
   *     language model is not known, or a value is of the wrong kind
   */
  public static Blip2Config fromJson(ConfigJson json, Families families)
      throws CheckpointException {
    String kind = json.stringAt("model_type", "");
    requireOneOf(json, "model_type", kind, "blip-2", INSTRUCTED, LibraryFormat.MODEL_TYPE);
    Architecture.requireWriting(json);
    ConfigJson textJson = json.childOrEmpty("text_config");
    ConfigJson qformerJson = json.childOrEmpty("qformer_config");
    requireOneOf(
        json,
        "qformer_config.position_embedding_type",
        qformerJson.stringAt("position_embedding_type", "absolute"),
        "absolute");
    try {
      VisionConfig vision = LibraryFormat.vision(json, families.vision());
      requireWidth(json, qformerJson, vision);
      BertConfig qformer = BertConfig.fromJson(qformerJson, vision.dim());
      boolean own = kind.equals(LibraryFormat.MODEL_TYPE);
      boolean instructed = own ? qformer.text() : kind.equals(INSTRUCTED);
      boolean placeholder = json.has("image_token_index") || json.has("image_token_id");
      String key = json.has("image_token_index") ? "image_token_index" : "image_token_id";
      return new Blip2Config(
          vision,
          instructed ? qformer.withTextSide() : qformer,
          language(json, textJson, families.language()),
          json.sizeAt("num_query_tokens", 32),
          placeholder ? Integer.valueOf(json.intAt(key)) : null,
          Convention.HF,
          ownVisionNormEps(json));
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(json + ": " + e.getMessage());
    }
  }

  /**
   * Checks that the Q-Former reads features as wide as the vision encoder's, if the file tells.
   *
   * @param json the {@code config.json}
   * @param qformer its {@code qformer_config}
   * @throws CheckpointException if it reads others
   */
  public static void requireWidth(ConfigJson json, ConfigJson qformer, VisionConfig vision)
      throws CheckpointException {
    String key = "encoder_hidden_size";
    if (qformer.has(key) && !qformer.isNull(key) && qformer.sizeAt(key, 1) != vision.dim()) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: qformer_config.%s expected %d, the width of the vision encoder, got %d; correct"
                  + " one of them",
              json,
              key,
              vision.dim(),
              qformer.sizeAt(key, 1)));
    }
  }

  /** With another vision encoder, such as one for images of another size. */
  public Blip2Config withVision(VisionConfig newVision) {
    return new Blip2Config(
        newVision, qformer, text, queryTokens, imageTokenId, convention, ownVisionNormEps);
  }

  /** With another Q-Former, such as one that reads text too. */
  public Blip2Config withQformer(BertConfig newQformer) {
    return new Blip2Config(
        vision, newQformer, text, queryTokens, imageTokenId, convention, ownVisionNormEps);
  }

  /** The value of this library's own epsilon key in a {@code config.json}, or null. */
  static @Nullable public Double ownVisionNormEps(ConfigJson json) throws CheckpointException {
    ConfigJson vision = json.childOrEmpty("vision_config");
    return vision.has(VISION_NORM_EPS) ? Double.valueOf(vision.doubleAt(VISION_NORM_EPS)) : null;
  }

  private static LanguageConfig language(
      ConfigJson json, ConfigJson textJson, LanguageFamilies families) throws CheckpointException {
    String told = textJson.stringAt("model_type", OTHERWISE);
    return families.require(json + ": text_config.model_type", told).config(textJson);
  }

  /**
   * What a message about tensors that do not fit has to add: a {@code text_config} without a {@code
   * model_type} is read as OPT's, as transformers does.
   */
  public static String assumption(ConfigJson json) throws CheckpointException {
    return json.childOrEmpty("text_config").has("model_type")
        ? ""
        : String.format(
            Locale.ROOT,
            "; %s: text_config.model_type is missing, and %s was assumed",
            json,
            OTHERWISE);
  }

  private static void requireOneOf(ConfigJson json, String key, String got, String... expected)
      throws CheckpointException {
    if (!List.of(expected).contains(got)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected %s, got %s",
              json,
              key,
              String.join(" or ", expected),
              got.isEmpty() ? "nothing" : got));
    }
  }
}
