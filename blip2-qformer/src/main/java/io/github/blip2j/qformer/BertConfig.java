package io.github.blip2j.qformer;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.NumberKeys;
import io.github.blip2j.tensor.types.Activation;
import java.util.Locale;

/**
 * Sizes of a BERT (Devlin et al. 2019), plain or carrying queries as BLIP-2's Q-Former does
 * (section 3.1).
 *
 * @param dim width
 * @param encoderDim width of the image features, or of the encoder's output, in cross-attention
 * @param crossAttentionEvery layers {@code 0, n, 2n, ...} have cross-attention
 * @param vocabSize size of the text vocabulary
 * @param maxPositions longest text
 * @param tokenTypes kinds of text, such as question and answer; 0 for none, as in a Q-Former
 * @param text whether it takes text: with token embeddings and MLPs for text
 * @param dropout probability, of hidden states
 * @param attentionDropout probability, of attention probabilities
 */
public record BertConfig(
    BertKind kind,
    int dim,
    int layers,
    int heads,
    int mlpDim,
    int encoderDim,
    int crossAttentionEvery,
    int vocabSize,
    int maxPositions,
    int tokenTypes,
    boolean text,
    Activation activation,
    double normEps,
    double dropout,
    double attentionDropout) {

  /**
   * Checks that heads divide the width, that counts are positive, and that there are queries or
   * text.
   */
  public BertConfig {
    if (heads <= 0 || dim % heads != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "BertConfig: heads must divide dim, got heads=%d, dim=%d", heads, dim));
    }
    if (layers <= 0 || mlpDim <= 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "BertConfig: layers and mlpDim must be positive, got %d and %d",
              layers,
              mlpDim));
    }
    if (crossAttentionEvery <= 0) {
      throw new IllegalArgumentException(
          "BertConfig: crossAttentionEvery must be positive, got " + crossAttentionEvery);
    }
    if (vocabSize <= 0 || tokenTypes < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "BertConfig: vocabSize must be positive and tokenTypes not negative, got %d and %d",
              vocabSize,
              tokenTypes));
    }
    if (!text && kind != BertKind.Q_FORMER) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "BertConfig: text must flow where no queries do, got kind=%s without text",
              kind));
    }
  }

  /** BERT-base over EVA ViT-g, as in {@code Salesforce/blip2-opt-2.7b}: queries only. */
  public static BertConfig blip2() {
    return new BertConfig(
        BertKind.Q_FORMER,
        768,
        12,
        12,
        3072,
        1408,
        2,
        30522,
        512,
        0,
        false,
        Activation.GELU,
        1e-12,
        0.1,
        0.1);
  }

  /** {@code bert-base-uncased}, an encoder. */
  public static BertConfig bertBase() {
    return blip2().withTextSide().copy(BertKind.ENCODER, 768, 1, 30522, 2, 0.1, 0.1);
  }

  /**
   * Reads the {@code qformer_config} of a {@code config.json}.
   *
   * @param encoderDim the vision width, which replaces the file's
   */
  public static BertConfig fromJson(ConfigJson json, int encoderDim) throws CheckpointException {
    // Older files call the same switch qformer_text_input.
    boolean text =
        json.booleanAt("use_qformer_text_input", json.booleanAt("qformer_text_input", false));
    BertConfig sizes = sizes(json, text ? blip2().withTextSide() : blip2());
    int every = json.sizeAt("cross_attention_frequency", sizes.crossAttentionEvery);
    return sizes.copy(
        BertKind.Q_FORMER,
        encoderDim,
        every,
        sizes.vocabSize,
        0,
        sizes.dropout,
        sizes.attentionDropout);
  }

  /**
   * Reads the {@code config.json} of a plain BERT.
   *
   * @throws CheckpointException if it is none, its positions are not absolute, or it asks for
   *     cross-attention in an encoder
   */
  public static BertConfig fromPlainJson(ConfigJson json) throws CheckpointException {
    require(json, "model_type", "bert");
    require(json, "position_embedding_type", "absolute");
    boolean decoder = json.booleanAt("is_decoder", false);
    boolean crossing = json.booleanAt("add_cross_attention", false);
    if (crossing && !decoder) {
      throw new CheckpointException(
          json + ": add_cross_attention expected with is_decoder only, got it in an encoder");
    }
    BertConfig sizes = sizes(json, bertBase());
    BertKind ofDecoder = crossing ? BertKind.CROSS_DECODER : BertKind.DECODER;
    return sizes.copy(
        decoder ? ofDecoder : BertKind.ENCODER,
        sizes.dim,
        1,
        sizes.vocabSize,
        json.sizeAt("type_vocab_size", 2),
        sizes.dropout,
        sizes.attentionDropout);
  }

  /** The keys that both kinds of files have. */
  private static BertConfig sizes(ConfigJson json, BertConfig otherwise)
      throws CheckpointException {
    return new BertConfig(
        otherwise.kind,
        json.sizeAt("hidden_size", otherwise.dim),
        json.sizeAt("num_hidden_layers", otherwise.layers),
        json.sizeAt("num_attention_heads", otherwise.heads),
        json.sizeAt("intermediate_size", otherwise.mlpDim),
        otherwise.encoderDim,
        otherwise.crossAttentionEvery,
        json.sizeAt("vocab_size", otherwise.vocabSize),
        json.sizeAt("max_position_embeddings", otherwise.maxPositions),
        otherwise.tokenTypes,
        otherwise.text,
        Activation.named(json.stringAt("hidden_act", "gelu")),
        NumberKeys.eps(json, "layer_norm_eps", otherwise.normEps),
        NumberKeys.probability(json, "hidden_dropout_prob", otherwise.dropout),
        NumberKeys.probability(json, "attention_probs_dropout_prob", otherwise.attentionDropout));
  }

  private static void require(ConfigJson json, String key, String expected)
      throws CheckpointException {
    String got = json.stringAt(key, expected);
    if (!got.equals(expected)) {
      throw new CheckpointException(
          String.format(Locale.ROOT, "%s: %s expected %s, got %s", json, key, expected, got));
    }
  }

  /** Whether a layer has cross-attention. */
  public boolean readsImageAt(int layer) {
    return kind.readsContext() && layer % crossAttentionEvery == 0;
  }

  /** This BERT with text. */
  public BertConfig withTextSide() {
    return withText(true);
  }

  /** This Q-Former with queries only, as for a language model. */
  public BertConfig withoutTextSide() {
    return withText(false);
  }

  private BertConfig withText(boolean newText) {
    return new BertConfig(
        kind,
        dim,
        layers,
        heads,
        mlpDim,
        encoderDim,
        crossAttentionEvery,
        vocabSize,
        maxPositions,
        tokenTypes,
        newText,
        activation,
        normEps,
        dropout,
        attentionDropout);
  }

  /** This BERT with another vocabulary size, such as one more for a start token. */
  public BertConfig withVocabSize(int newSize) {
    return copy(
        kind, encoderDim, crossAttentionEvery, newSize, tokenTypes, dropout, attentionDropout);
  }

  /** This BERT with other dropout, of hidden states and of attention probabilities. */
  public BertConfig withDropout(double hidden, double attention) {
    return copy(kind, encoderDim, crossAttentionEvery, vocabSize, tokenTypes, hidden, attention);
  }

  /**
   * The Q-Former that starts as this BERT: queries beside the text, with cross-attention to
   * features of width {@code newEncoderDim} in layers {@code 0, every, ...}; no token types.
   */
  public BertConfig asQFormer(int newEncoderDim, int every) {
    return copy(BertKind.Q_FORMER, newEncoderDim, every, vocabSize, 0, dropout, attentionDropout);
  }

  /** This Q-Former with cross-attention in layers {@code 0, every, 2 every, ...}. */
  public BertConfig withCrossAttentionEvery(int every) {
    return copy(kind, encoderDim, every, vocabSize, tokenTypes, dropout, attentionDropout);
  }

  /** This BERT with other sizes of its layers, which no trained weights have. */
  public BertConfig withLayers(int newLayers, int newDim, int newHeads, int newMlpDim) {
    return new BertConfig(
        kind,
        newDim,
        newLayers,
        newHeads,
        newMlpDim,
        encoderDim,
        crossAttentionEvery,
        vocabSize,
        maxPositions,
        tokenTypes,
        text,
        activation,
        normEps,
        dropout,
        attentionDropout);
  }

  private BertConfig copy(
      BertKind newKind,
      int newEncoderDim,
      int every,
      int newVocabSize,
      int newTokenTypes,
      double newDropout,
      double newAttentionDropout) {
    return new BertConfig(
        newKind,
        dim,
        layers,
        heads,
        mlpDim,
        newEncoderDim,
        every,
        newVocabSize,
        maxPositions,
        newTokenTypes,
        text,
        activation,
        normEps,
        newDropout,
        newAttentionDropout);
  }
}
