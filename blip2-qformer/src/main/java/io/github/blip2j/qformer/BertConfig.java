package io.github.blip2j.qformer;

import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.ConfigJson;
import io.github.blip2j.tensor.Activation;

/**
 * Sizes of a BERT that carries queries, as BLIP-2's Q-Former does (section 3.1).
 *
 * @param dim width
 * @param encoderDim width of the image features it reads
 * @param crossAttentionEvery layers {@code 0, n, 2n, ...} read the image
 * @param vocabSize words of its text side
 * @param maxPositions longest text
 * @param text whether it has a text side: embeddings and feed-forwards of their own
 * @param dropout probability, of hidden states
 * @param attentionDropout probability, of attention probabilities
 */
public record BertConfig(
    int dim,
    int layers,
    int heads,
    int mlpDim,
    int encoderDim,
    int crossAttentionEvery,
    int vocabSize,
    int maxPositions,
    boolean text,
    Activation activation,
    double normEps,
    double dropout,
    double attentionDropout) {

  /** Checks that heads divide the width and that a frequency is positive. */
  public BertConfig {
    if (heads <= 0 || dim % heads != 0) {
      throw new IllegalArgumentException(
          "BertConfig: heads must divide dim, got heads=%d, dim=%d".formatted(heads, dim));
    }
    if (crossAttentionEvery <= 0) {
      throw new IllegalArgumentException(
          "BertConfig: crossAttentionEvery must be positive, got " + crossAttentionEvery);
    }
  }

  /** BERT-base over EVA ViT-g, as in {@code Salesforce/blip2-opt-2.7b}: queries only. */
  public static BertConfig blip2() {
    return new BertConfig(
        768, 12, 12, 3072, 1408, 2, 30522, 512, false, Activation.GELU, 1e-12, 0.1, 0.1);
  }

  /**
   * Reads the {@code qformer_config} of a {@code config.json}.
   *
   * @param encoderDim the vision width, which overrules what the file says
   */
  public static BertConfig fromJson(ConfigJson json, int encoderDim) throws CheckpointException {
    BertConfig otherwise = blip2();
    // Older files call the same switch qformer_text_input.
    boolean text =
        json.booleanAt("use_qformer_text_input", json.booleanAt("qformer_text_input", false));
    return new BertConfig(
        json.sizeAt("hidden_size", otherwise.dim),
        json.sizeAt("num_hidden_layers", otherwise.layers),
        json.sizeAt("num_attention_heads", otherwise.heads),
        json.sizeAt("intermediate_size", otherwise.mlpDim),
        encoderDim,
        json.sizeAt("cross_attention_frequency", otherwise.crossAttentionEvery),
        json.sizeAt("vocab_size", otherwise.vocabSize),
        json.sizeAt("max_position_embeddings", otherwise.maxPositions),
        text,
        Activation.named(json.stringAt("hidden_act", "gelu")),
        json.doubleAt("layer_norm_eps", otherwise.normEps),
        json.doubleAt("hidden_dropout_prob", otherwise.dropout),
        json.doubleAt("attention_probs_dropout_prob", otherwise.attentionDropout));
  }

  /** Whether a layer reads the image. */
  public boolean readsImageAt(int layer) {
    return layer % crossAttentionEvery == 0;
  }
}
