package io.github.blip2j.llm.opt;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.NumberKeys;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.llm.TokenIds;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.types.Activation;
import java.util.List;
import java.util.Locale;

/**
 * Sizes of an OPT (Zhang et al. 2022).
 *
 * @param dim width of its layers
 * @param embeddingDim width of its embeddings, projected to {@code dim} where they differ
 * @param maxPositions longest sequence
 * @param normFirst norms before attention and MLP, as in all sizes but 350m
 * @param finalNorm a norm after the last layer
 * @param tiedHead the LM head shares the token embeddings
 * @param beginId token before every text
 * @param endIds end tokens, any of which ends a text; if there are none, only its length ends it
 * @param dropout probability in training, of the outputs of attention and MLP
 * @param attentionDropout probability in training, of attention probabilities
 */
public record OptConfig(
    int dim,
    int layers,
    int heads,
    int mlpDim,
    int vocabSize,
    int embeddingDim,
    int maxPositions,
    boolean normFirst,
    boolean finalNorm,
    boolean tiedHead,
    Activation activation,
    int beginId,
    List<Integer> endIds,
    int padId,
    double dropout,
    double attentionDropout)
    implements LanguageConfig {

  /** Checks that heads divide the width and that the special tokens are in the vocabulary. */
  public OptConfig {
    endIds = List.copyOf(endIds);
    if (heads <= 0 || dim % heads != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "OptConfig: heads must divide dim, got heads=%d, dim=%d", heads, dim));
    }
    TokenIds.require("OptConfig", "beginId", beginId, vocabSize);
    for (int endId : endIds) {
      TokenIds.require("OptConfig", "endId", endId, vocabSize);
    }
    TokenIds.require("OptConfig", "padId", padId, vocabSize);
  }

  @Override
  public LanguageFamily family() {
    return OptFamily.OPT;
  }

  @Override
  public LanguageModel build(Params params) {
    return new OptModel(this, params);
  }

  @Override
  public void addNames(KeyMap.Builder keys, String ours, String theirs) {
    OptNames.add(keys, ours, theirs);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Hugging Face builds an OPT whose embeddings are narrower than its layers and spreads rows of
   * one width over places of another, so that a batch gives other texts than its images one by one;
   * LAVIS cannot build it.
   */
  @Override
  public void requireJoinable() {
    if (embeddingDim != dim) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Blip2Config: text_config.word_embed_proj_dim expected hidden_size=%d, got %d; an OPT"
                  + " with narrower embeddings, such as opt-350m, cannot be joined to images",
              dim,
              embeddingDim));
    }
  }

  /** OPT-2.7b as in {@code Salesforce/blip2-opt-2.7b}, with a line end as end token. */
  public static OptConfig opt2b7() {
    return new OptConfig(
        2560,
        32,
        32,
        10240,
        50304,
        2560,
        2048,
        true,
        true,
        true,
        Activation.RELU,
        2,
        List.of(50118),
        1,
        0.1,
        0);
  }

  /**
   * Reads the {@code text_config} of a {@code config.json}; missing values are OPT-125m's, as in
   * transformers.
   */
  public static OptConfig fromJson(ConfigJson json) throws CheckpointException {
    requireSupported(json);
    int dim = json.sizeAt("hidden_size", 768);
    boolean normFirst = json.booleanAt("do_layer_norm_before", true);
    return new OptConfig(
        dim,
        json.sizeAt("num_hidden_layers", 12),
        json.sizeAt("num_attention_heads", 12),
        json.sizeAt("ffn_dim", 3072),
        json.sizeAt("vocab_size", 50272),
        json.sizeAt("word_embed_proj_dim", dim),
        json.sizeAt("max_position_embeddings", 2048),
        normFirst,
        normFirst && !json.booleanAt("_remove_final_layer_norm", false),
        json.booleanAt("tie_word_embeddings", true),
        Activation.named(json.stringAt("activation_function", "relu")),
        json.intAt("bos_token_id", 2),
        TokenIds.endIds(json, 2),
        json.intAt("pad_token_id", 1),
        NumberKeys.probability(json, "dropout", 0.1),
        NumberKeys.probability(json, "attention_dropout", 0));
  }

  private static void requireSupported(ConfigJson json) throws CheckpointException {
    for (String key : new String[] {"enable_bias", "layer_norm_elementwise_affine"}) {
      if (!json.booleanAt(key, true)) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s.%s expected true, got false; OPT without it is not supported",
                json,
                key));
      }
    }
  }
}
