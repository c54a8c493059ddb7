package io.github.blip2j.qformer;

import java.util.Locale;

/**
 * Sizes of BLIP-2's first stage (section 3.1).
 *
 * @param bert with text
 * @param queryTokens the number of learned queries
 * @param projectionDim width of the space in which images and texts are compared
 * @param visionNormEps of the norm over image features: 1e-5 in LAVIS, 1e-6 in Hugging Face
 * @param maxTextTokens longest text in training and matching, with its first and last token
 */
public record Blip2QformerConfig(
    BertConfig bert, int queryTokens, int projectionDim, double visionNormEps, int maxTextTokens) {
  /** LAVIS's epsilon, which is PyTorch's default. */
  public static final double LAVIS_VISION_NORM_EPS = 1e-5;

  private static final int WORDS_WITH_START = 30523; // bert-base-uncased and [DEC]

  /** Checks that there is text and that sizes are positive. */
  public Blip2QformerConfig {
    if (!bert.text()) {
      throw new IllegalArgumentException(
          "Blip2QformerConfig: text side expected, got a Q-Former with queries only");
    }
    if (queryTokens <= 0 || projectionDim <= 0 || maxTextTokens < 2) {
      throw new IllegalArgumentException(
          "Blip2QformerConfig: queryTokens and projectionDim must be positive and maxTextTokens at"
              + String.format(
                  Locale.ROOT,
                  " least 2, got %d, %d and %d",
                  queryTokens,
                  projectionDim,
                  maxTextTokens));
    }
  }

  /** As LAVIS trains it over EVA ViT-g: 32 queries, 256 dimensions, texts of 32 tokens. */
  public static Blip2QformerConfig blip2() {
    BertConfig bert = BertConfig.blip2().withTextSide().withVocabSize(WORDS_WITH_START);
    return new Blip2QformerConfig(bert, 32, 256, LAVIS_VISION_NORM_EPS, 32);
  }

  /** These sizes with another BERT. */
  public Blip2QformerConfig withBert(BertConfig newBert) {
    return new Blip2QformerConfig(
        newBert, queryTokens, projectionDim, visionNormEps, maxTextTokens);
  }

  /** These sizes with another number of queries. */
  public Blip2QformerConfig withQueryTokens(int count) {
    return new Blip2QformerConfig(bert, count, projectionDim, visionNormEps, maxTextTokens);
  }

  /** The start token of captions, {@code [DEC]}: the last token, added to BERT's. */
  public int startId() {
    return bert.vocabSize() - 1;
  }
}
