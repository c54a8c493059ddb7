package io.github.blip2j.llm.t5;

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
 * Sizes of a T5 (Raffel et al. 2020), version 1.0, 1.1 or Flan (Chung et al. 2022), or of an mT5
 * (Xue et al. 2021), which is version 1.1 in many languages.
 *
 * @param dim width of its layers and of the embeddings
 * @param headDim width of a head; heads times this need not be {@code dim}
 * @param positionBuckets number of buckets of the relative position bias
 * @param maxDistance all distances from here on share one bucket
 * @param gated whether the MLPs are gated
 * @param activation of the MLPs; BLIP-2's is the exact GELU, Flan's own the tanh approximation
 * @param tiedHead the LM head shares the token embeddings; so it does in checkpoints without a head
 * @param scaledHead whether the last hidden states are divided by the root of {@code dim}
 * @param beginId token of an empty prompt
 * @param startId the decoder's start token
 * @param endIds end tokens, any of which ends a text; if there are none, only its length ends it
 */
public record T5Config(
    int dim,
    int heads,
    int headDim,
    int mlpDim,
    int encoderLayers,
    int decoderLayers,
    int vocabSize,
    int positionBuckets,
    int maxDistance,
    double normEps,
    double dropout,
    boolean gated,
    Activation activation,
    boolean tiedHead,
    boolean scaledHead,
    int beginId,
    int startId,
    List<Integer> endIds,
    int padId)
    implements LanguageConfig {
  private static final String GATED = "gated-";

  /** Checks that there are enough buckets and that the special tokens are in the vocabulary. */
  public T5Config {
    endIds = List.copyOf(endIds);
    // A direction has half the buckets, and the exact half of those must hold a distance.
    if (positionBuckets < 4 || maxDistance <= positionBuckets / 2) {
      throw new IllegalArgumentException(
          "T5Config: positionBuckets expected at least 4 and maxDistance above half of them, got"
              + String.format(
                  Locale.ROOT,
                  " positionBuckets=%d, maxDistance=%d",
                  positionBuckets,
                  maxDistance));
    }
    TokenIds.require("T5Config", "beginId", beginId, vocabSize);
    TokenIds.require("T5Config", "startId", startId, vocabSize);
    for (int endId : endIds) {
      TokenIds.require("T5Config", "endId", endId, vocabSize);
    }
    TokenIds.require("T5Config", "padId", padId, vocabSize);
  }

  @Override
  public LanguageFamily family() {
    return T5Family.T5;
  }

  @Override
  public LanguageModel build(Params params) {
    return new T5Model(this, params);
  }

  @Override
  public void addNames(KeyMap.Builder keys, String ours, String theirs) {
    T5Names.add(keys, this, ours, theirs);
  }

  @Override
  public int embeddingDim() {
    return dim;
  }

  /** Flan-T5-xl as in {@code Salesforce/blip2-flan-t5-xl}. */
  public static T5Config flanT5Xl() {
    return flan(2048, 32, 5120);
  }

  private static T5Config flan(int dim, int heads, int mlpDim) {
    return new T5Config(
        dim,
        heads,
        64,
        mlpDim,
        24,
        24,
        32128,
        32,
        128,
        1e-6,
        0.1,
        true,
        Activation.GELU,
        false,
        false,
        1,
        0,
        List.of(1),
        0);
  }

  /**
   * Reads the {@code text_config} of a {@code config.json}; missing values are T5-small's or, for
   * {@code mt5}, mT5-small's, as in transformers.
   *
   * <p>Whether the head is scaled follows {@code scale_decoder_outputs}. Without it, the head is
   * scaled except with {@code "tie_word_embeddings": false}, which marks version 1.1; newer files
   * have true there with any version.
   */
  public static T5Config fromJson(ConfigJson json) throws CheckpointException {
    boolean many = json.stringAt("model_type", "").equals("mt5");
    int layers = json.sizeAt("num_layers", many ? 8 : 6);
    boolean symmetric = !json.has("num_decoder_layers") || json.isNull("num_decoder_layers");
    boolean tied =
        json.isNull("tie_word_embeddings") || json.booleanAt("tie_word_embeddings", !many);
    String projection = json.stringAt("feed_forward_proj", many ? "gated-gelu" : "relu");
    List<Integer> endIds = TokenIds.endIds(json, 1);
    int padId = json.intAt("pad_token_id", 0);
    return new T5Config(
        json.sizeAt("d_model", 512),
        json.sizeAt("num_heads", many ? 6 : 8),
        json.sizeAt("d_kv", 64),
        json.sizeAt("d_ff", many ? 1024 : 2048),
        layers,
        symmetric ? layers : json.sizeAt("num_decoder_layers", layers),
        json.sizeAt("vocab_size", many ? 250112 : 32128),
        json.sizeAt("relative_attention_num_buckets", 32),
        json.sizeAt("relative_attention_max_distance", 128),
        NumberKeys.eps(json, "layer_norm_epsilon", 1e-6),
        json.doubleAt("dropout_rate", 0.1),
        json.booleanAt("is_gated_act", projection.startsWith(GATED)),
        activation(json, projection),
        tied,
        json.booleanAt("scale_decoder_outputs", tied),
        token(json, "bos_token_id", endIds.isEmpty() ? 1 : endIds.get(0)),
        decoderStart(json, padId),
        endIds,
        padId);
  }

  /** The first token of the decoder. If it is null, transformers takes the start of a text. */
  private static int decoderStart(ConfigJson json, int padId) throws CheckpointException {
    String key = "decoder_start_token_id";
    return json.isNull(key) ? json.intAt("bos_token_id") : json.intAt(key, padId);
  }

  /** T5 has no start-of-text token, so the key may be missing or null. */
  private static int token(ConfigJson json, String key, int absent) throws CheckpointException {
    return json.isNull(key) ? absent : json.intAt(key, absent);
  }

  private static Activation activation(ConfigJson json, String projection)
      throws CheckpointException {
    if (json.has("dense_act_fn")) {
      return Activation.named(json.stringAt("dense_act_fn"));
    }
    if (projection.equals("gated-gelu")) {
      return Activation.GELU_TANH; // what version 1.1 was trained with
    }
    boolean gated = projection.startsWith(GATED);
    return Activation.named(gated ? projection.substring(GATED.length()) : projection);
  }
}
