package io.github.blip2j.blip2.model;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamilies;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Sizes of a model of BLIP-2's first stage: vision encoder and Q-Former.
 *
 * @param vision sizes of the vision encoder
 * @param qformer sizes of the Q-Former and its heads
 */
public record Blip2RetrievalConfig(VisionConfig vision, Blip2QformerConfig qformer) {
  /** LAVIS's {@code max_txt_len}, which no checkpoint holds. */
  public static final int MAX_TEXT_TOKENS = 32;

  private static final int PROJECTION_DIM = 256;

  /** Checks that the widths fit. */
  public Blip2RetrievalConfig {
    if (qformer.bert().encoderDim() != vision.dim()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Blip2RetrievalConfig: encoderDim must be the vision width, got %d and %d",
              qformer.bert().encoderDim(),
              vision.dim()));
    }
  }

  /** As LAVIS trains {@code blip2_pretrain}: EVA ViT-g and BERT-base. */
  public static Blip2RetrievalConfig blip2() {
    return new Blip2RetrievalConfig(VisionConfig.evaG(), Blip2QformerConfig.blip2());
  }

  /** Reads a {@code config.json} with the installed families of vision encoders. */
  public static Blip2RetrievalConfig fromJson(ConfigJson json) throws CheckpointException {
    return fromJson(json, VisionFamilies.installed());
  }

  /**
   * Reads the {@code config.json} of a {@code Blip2ForImageTextRetrieval}, or of the same in this
   * library's format.
   *
   * @throws CheckpointException if its Q-Former has no text side, or the vision encoder's family is
   *     not known
   */
  public static Blip2RetrievalConfig fromJson(ConfigJson json, VisionFamilies families)
      throws CheckpointException {
    Architecture.requireComparing(json);
    VisionConfig vision = LibraryFormat.vision(json, families);
    @Nullable Double ownNormEps = Blip2Config.ownVisionNormEps(json);
    ConfigJson qformer = json.childOrEmpty("qformer_config");
    Blip2Config.requireWidth(json, qformer, vision);
    BertConfig bert = BertConfig.fromJson(qformer, vision.dim());
    if (!bert.text()) {
      throw new CheckpointException(
          json
              + ": qformer_config.use_qformer_text_input expected true, got false; captions and"
              + " questions are for blip2 caption and vqa");
    }
    return new Blip2RetrievalConfig(
        vision,
        new Blip2QformerConfig(
            bert,
            json.sizeAt("num_query_tokens", 32),
            json.sizeAt("image_text_hidden_size", PROJECTION_DIM),
            ownNormEps == null ? vision.normEps() : ownNormEps,
            json.sizeAt(LibraryFormat.MAX_TEXT_TOKENS, MAX_TEXT_TOKENS)));
  }

  /** With stochastic depth in the vision encoder, or images of another size. */
  public Blip2RetrievalConfig withVision(VisionConfig newVision) {
    return new Blip2RetrievalConfig(newVision, qformer);
  }

  /** With other sizes of the Q-Former and its heads. */
  public Blip2RetrievalConfig withQformer(Blip2QformerConfig newQformer) {
    return new Blip2RetrievalConfig(vision, newQformer);
  }
}
