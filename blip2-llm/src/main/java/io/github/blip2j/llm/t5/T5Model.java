package io.github.blip2j.llm.t5;

import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.llm.EncoderDecoderModel;
import io.github.blip2j.llm.SequenceScorer;
import io.github.blip2j.nn.Embedding;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.text.Side;
import org.jspecify.annotations.Nullable;

/**
 * T5, an encoder-decoder language model (Raffel et al. 2020).
 *
 * <pre>{@code
 * B prompts, P positions of a prompt, R decoder rows, T new positions of them
 * S all positions of a row with those of the cache, L width, V vocabulary
 * }</pre>
 */
public final class T5Model extends Module implements EncoderDecoderModel {
  private final T5Config config;
  private final Embedding tokenEmbedding;
  private final Embedding
      decoderEmbedding; // of the decoder: the encoder's, unless a checkpoint has its own
  private final T5Stack encoder;
  private final T5Stack decoder;
  private final @Nullable Linear head;

  /**
   * Builds a model. The head is tied to the embeddings if the checkpoint has none or one equal to
   * the embeddings, and separate otherwise, whatever the configuration says. The same rule applies
   * to the decoder's embeddings, as in Hugging Face.
   */
  public T5Model(T5Config config, Params params) {
    super(params);
    this.config = config;
    boolean drawn = !params.has("words.weight");
    boolean apart = drawn ? !config.tiedHead() : params.storedApart("words.weight", "head.weight");
    // Rounding errors of the head affect every token, and it is small compared with the layers.
    Params table = params.at("words").forDecoding().atLeast(Precision.BFLOAT16);
    this.tokenEmbedding =
        apart
            ? new Embedding(config.vocabSize(), config.dim(), table)
            : Embedding.tied(config.vocabSize(), config.dim(), table);
    this.decoderEmbedding =
        params.storedApart("words.weight", "decoder.words.weight")
            ? new Embedding(config.vocabSize(), config.dim(), params.at("decoder").at("words"))
            : tokenEmbedding;
    this.encoder = T5Stack.encoder(config, params.at("encoder"));
    this.decoder = T5Stack.decoder(config, params.at("decoder").forDecoding());
    Params own = params.at("head").forDecoding().atLeast(Precision.BFLOAT16);
    this.head = apart ? Linear.withoutBias(config.dim(), config.vocabSize(), own) : null;
  }

  /** The configuration. */
  public T5Config config() {
    return config;
  }

  @Override
  public int dim() {
    return config.dim();
  }

  @Override
  public int vocabSize() {
    return config.vocabSize();
  }

  @Override
  public Side paddingSide() {
    return Side.RIGHT;
  }

  @Override
  public int maxPositions() {
    return Integer.MAX_VALUE; // the last bucket holds every greater distance
  }

  @Override
  public int roomAfter(int promptLength) {
    return Integer.MAX_VALUE;
  }

  @Override
  public Tensor embed(Tensor ids) {
    return tokenEmbedding.forward(ids);
  }

  /**
   * The embeddings of the decoder's input tokens.
   *
   * @return [..., L]
   */
  public Tensor embedDecoderIds(Tensor ids) {
    return decoderEmbedding.forward(ids);
  }

  @Override
  public DecodingSession startDecoding(Tensor prompt, int[][] mask, int newTokens) {
    return new T5DecodingSession(this, prompt, mask, newTokens);
  }

  @Override
  public SequenceScorer sequenceScorer(Tensor prompt, int[][] mask) {
    return new T5SequenceScorer(this, prompt, mask);
  }

  /**
   * The encoder's output for a prompt.
   *
   * @param prompt embeddings, [B, P, L]
   * @param mask 1 for tokens, 0 for padding, [B][P]
   * @return [B, P, L]
   */
  public Tensor encode(Tensor prompt, int[][] mask, ForwardPass pass) {
    prompt.shape().require(path(), "prompt", mask.length, Shape.ANY, config.dim());
    return encoder.forward(prompt, mask, null, null, pass);
  }

  /**
   * The cross-attention keys and values of the decoder's layers for an encoded prompt.
   *
   * @param encoded [B, P, L]
   * @param mask of the prompt, [B][P]
   */
  public T5EncoderKeyValues encoderKeyValues(Tensor encoded, int[][] mask) {
    encoded.shape().require(path(), "encoded", mask.length, Shape.ANY, config.dim());
    return decoder.keyValues(encoded, Mask.padding(mask));
  }

  /**
   * The last hidden states of texts that begin with {@link T5Config#startId}.
   *
   * @param x embeddings of the new positions, [R, T, L]
   * @param mask 1 for tokens, 0 for padding, over all positions, [R][S]
   * @param context of B prompts; R / B consecutive rows belong to each
   * @param cache earlier positions; the new ones are added to it. Without one, S = T
   * @return [R, T, L]
   */
  public Tensor decode(
      Tensor x,
      int[][] mask,
      T5EncoderKeyValues context,
      @Nullable KeyValueCache cache,
      ForwardPass pass) {
    x.shape().require(path(), "x", mask.length, Shape.ANY, config.dim());
    return decoder.forward(x, mask, context, cache, pass);
  }

  @Override
  public int decoderStartId() {
    return config.startId();
  }

  @Override
  public Tensor answer(
      Tensor prompt, int[][] promptMask, Tensor ids, int[][] mask, ForwardPass pass) {
    T5EncoderKeyValues context = encoderKeyValues(encode(prompt, promptMask, pass), promptMask);
    return decode(embedDecoderIds(ids), mask, context, null, pass);
  }

  @Override
  public Tensor logits(Tensor hidden) {
    Tensor scaled = config.scaledHead() ? hidden.mul(1 / Math.sqrt(config.dim())) : hidden;
    return head == null ? tokenEmbedding.scores(scaled) : head.forward(scaled);
  }

  /** An empty cache for the decoder. */
  KeyValueCache cache(int expectedPositions) {
    return new KeyValueCache(config.decoderLayers(), expectedPositions);
  }
}
