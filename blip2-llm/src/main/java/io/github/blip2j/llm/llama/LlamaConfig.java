package io.github.blip2j.llm.llama;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.NumberKeys;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.llm.TokenIds;
import io.github.blip2j.nn.Attention;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.types.Activation;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sizes of a decoder of LLaMA's kind: LLaMA and Vicuna, Mistral, Qwen2.
 *
 * @param modelType {@code llama}, {@code mistral} or {@code qwen2}
 * @param dim width of embeddings and layers
 * @param keyValueHeads heads of keys and values, which divide {@code heads}
 * @param headDim width of a head; even, because rotary positions turn pairs
 * @param mlpDim width of the hidden layer of the gated MLP
 * @param maxPositions the longest text of training; longer ones are possible
 * @param inputBias whether query, key and value have biases
 * @param outputBias whether the output map of attention has a bias
 * @param mlpBias whether the maps of the MLP have biases
 * @param tiedHead the language-model head shares the token embeddings
 * @param window null for attention to all earlier positions in every layer
 * @param attentionDropout probability in training, of attention probabilities
 * @param tokens the special tokens
 */
public record LlamaConfig(
    String modelType,
    int dim,
    int layers,
    int heads,
    int keyValueHeads,
    int headDim,
    int mlpDim,
    int vocabSize,
    int maxPositions,
    double normEps,
    Activation activation,
    boolean inputBias,
    boolean outputBias,
    boolean mlpBias,
    boolean tiedHead,
    RotaryConfig rotary,
    @Nullable SlidingWindow window,
    double attentionDropout,
    Tokens tokens)
    implements LanguageConfig {

  /**
   * Special tokens.
   *
   * @param beginId token before every text
   * @param endIds end tokens, any of which ends a text; if there are none, only its length ends it
   */
  public record Tokens(int beginId, List<Integer> endIds, int padId) {
    /** Copies the list. */
    public Tokens {
      endIds = List.copyOf(endIds);
    }
  }

  /** Checks that heads divide, that they can be turned, and the special tokens. */
  public LlamaConfig {
    if (heads <= 0 || keyValueHeads <= 0 || heads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: key-value heads expected to divide heads, got num_attention_heads=%d,"
                  + " num_key_value_heads=%d; correct them to the model's",
              modelType,
              heads,
              keyValueHeads));
    }
    if (headDim <= 0 || headDim % 2 != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: head_dim expected even, for rotary positions turn pairs, got %d; correct head_dim, or"
                  + " hidden_size and num_attention_heads",
              modelType,
              headDim));
    }
    TokenIds.require(modelType, "bos_token_id", tokens.beginId, vocabSize);
    for (int endId : tokens.endIds) {
      TokenIds.require(modelType, "eos_token_id", endId, vocabSize);
    }
    TokenIds.require(modelType, "pad_token_id", tokens.padId, vocabSize);
  }

  @Override
  public LanguageFamily family() {
    return LlamaFamily.LLAMA;
  }

  @Override
  public LanguageModel build(Params params) {
    return new LlamaModel(this, params);
  }

  @Override
  public void addNames(KeyMap.Builder keys, String ours, String theirs) {
    LlamaNames.add(keys, ours, theirs);
  }

  @Override
  public int embeddingDim() {
    return dim;
  }

  @Override
  public int beginId() {
    return tokens.beginId;
  }

  /**
   * Of LLaMA, and so of Vicuna, the end token: {@code blip2_vicuna_instruct.py} sets {@code
   * bos_token}, {@code eos_token} and {@code unk_token} of the {@code LlamaTokenizer} to {@code
   * </s>}. Mistral and Qwen2, which LAVIS lacks, keep the one that they were trained with.
   */
  @Override
  public int lavisBeginId() {
    boolean vicuna = modelType.equals("llama") && !tokens.endIds.isEmpty();
    return vicuna ? tokens.endIds.get(0) : tokens.beginId;
  }

  @Override
  public List<Integer> endIds() {
    return tokens.endIds;
  }

  @Override
  public int padId() {
    return tokens.padId;
  }

  /** Vicuna-7b as in {@code Salesforce/instructblip-vicuna-7b}. */
  public static LlamaConfig vicuna7b() {
    return new LlamaConfig(
        "llama",
        4096,
        32,
        32,
        32,
        128,
        11008,
        32001,
        2048,
        1e-6,
        Activation.SILU,
        false,
        false,
        false,
        false,
        RotaryConfig.of(10_000),
        null,
        0,
        new Tokens(1, List.of(2), 0));
  }

  /**
   * Reads the {@code text_config} of a {@code config.json}; missing values are those of
   * transformers for its {@code model_type}.
   *
   * @throws CheckpointException if a value is of another type, or the rope type is not known
   * @throws IllegalArgumentException if sizes do not fit together
   */
  public static LlamaConfig fromJson(ConfigJson json) throws CheckpointException {
    String type = json.stringAt("model_type", "llama");
    boolean llama = type.equals("llama");
    boolean qwen = type.equals("qwen2");
    int dim = json.sizeAt("hidden_size", 4096);
    int layers = json.sizeAt("num_hidden_layers", 32);
    int heads = json.sizeAt("num_attention_heads", 32);
    int positions = json.sizeAt("max_position_embeddings", llama ? 2048 : qwen ? 32768 : 131072);
    boolean bias = llama && json.booleanAt("attention_bias", false);
    return new LlamaConfig(
        type,
        dim,
        layers,
        heads,
        keyValueHeads(json, type, heads),
        headDim(json, dim, heads),
        json.sizeAt("intermediate_size", llama ? 11008 : qwen ? 22016 : 14336),
        json.sizeAt("vocab_size", qwen ? 151936 : 32000),
        positions,
        NumberKeys.eps(json, "rms_norm_eps", 1e-6),
        Activation.named(json.stringAt("hidden_act", "silu")),
        qwen || bias,
        bias,
        llama && json.booleanAt("mlp_bias", false),
        json.booleanAt("tie_word_embeddings", false),
        RotaryConfig.fromJson(json, positions),
        window(json, type, layers),
        NumberKeys.probability(json, "attention_dropout", 0),
        tokens(json, qwen));
  }

  private static int keyValueHeads(ConfigJson json, String type, int heads)
      throws CheckpointException {
    String key = "num_key_value_heads";
    int absent = type.equals("mistral") ? 8 : type.equals("qwen2") ? 32 : heads;
    return json.isNull(key) ? heads : json.sizeAt(key, absent);
  }

  private static int headDim(ConfigJson json, int dim, int heads) throws CheckpointException {
    if (json.has("head_dim") && !json.isNull("head_dim")) {
      return json.sizeAt("head_dim", 0);
    }
    if (dim % heads != 0) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: num_attention_heads expected to divide hidden_size, got %d and %d; correct them,"
                  + " or add head_dim",
              json,
              heads,
              dim));
    }
    return dim / heads;
  }

  /**
   * Qwen2 has begin tokens of neither kind by default; the end token then begins a text too.
   * Transformers counts a negative padding id, as the first files of LLaMA have it, from the end of
   * the vocabulary; no result depends on it, so that the end token pads here.
   */
  private static Tokens tokens(ConfigJson json, boolean qwen) throws CheckpointException {
    boolean noEnd = qwen && !json.has("eos_token_id");
    List<Integer> endIds = noEnd ? List.of() : TokenIds.endIds(json, 2);
    int fallback = endIds.isEmpty() ? 0 : endIds.get(0);
    boolean noBegin = json.isNull("bos_token_id") || (qwen && !json.has("bos_token_id"));
    boolean noPad = json.isNull("pad_token_id");
    return new Tokens(
        noBegin ? fallback : json.intAt("bos_token_id", 1),
        endIds,
        noPad || json.intAt("pad_token_id", fallback) < 0
            ? fallback
            : json.intAt("pad_token_id", fallback));
  }

  private static @Nullable SlidingWindow window(ConfigJson json, String type, int layers)
      throws CheckpointException {
    boolean used =
        type.equals("mistral")
            || (type.equals("qwen2") && json.booleanAt("use_sliding_window", false));
    if (!used || json.isNull("sliding_window")) {
      return null;
    }
    Set<Integer> with = new HashSet<>();
    List<String> types =
        type.equals("qwen2") && json.has("layer_types") && !json.isNull("layer_types")
            ? json.stringsAt("layer_types")
            : List.of();
    if (!types.isEmpty() && types.size() != layers) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT, "%s.layer_types expected %d, got %d", json, layers, types.size()));
    }
    for (String each : types) {
      if (!each.equals("full_attention") && !each.equals("sliding_attention")) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s.layer_types expected full_attention or sliding_attention, got %s",
                json,
                each));
      }
    }
    int first = type.equals("qwen2") ? json.intAt("max_window_layers", 28) : 0;
    for (int i = 0; i < layers; i++) {
      if (types.isEmpty() ? i >= first : types.get(i).equals("sliding_attention")) {
        with.add(i);
      }
    }
    return with.isEmpty() ? null : new SlidingWindow(json.sizeAt("sliding_window", 4096), with);
  }

  /** The sizes of the attention of every layer. */
  Attention.Config attention() {
    Attention.Config all =
        Attention.Config.ofHeads(dim, heads, headDim).withKeyValueHeads(keyValueHeads);
    Attention.Config inputs = inputBias ? all : all.withoutInputBias();
    return outputBias ? inputs : inputs.withoutOutputBias();
  }
}
