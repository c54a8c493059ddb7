package io.github.blip2j.bench;

import io.github.blip2j.nn.Embedding;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Mlp;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.BertSelfAttention;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * BERT with its language-model head (Devlin et al. 2019), as Hugging Face's {@code BertForMaskedLM}
 * is: words, positions and token types; layers of {@link BertSelfAttention} and {@link Mlp}; a
 * transform, and the word table again as the last matrix, with a bias of its own.
 *
 * <p>It is put together from the library's modules because a Q-Former's BERT is no plain one: each
 * of its layers has a perceptron for queries that text never passes, and its first reads images.
 *
 * <pre>{@code
 * B batch, T words, C width, V vocabulary
 * }</pre>
 */
final class MaskedLanguageModel extends Module {
  private static final int TOKEN_TYPES = 2;

  private final BertConfig config;
  private final Parameter words;
  private final Embedding positions;
  private final Embedding types;
  private final LayerNorm norm;
  private final List<Layer> layers = new ArrayList<>();
  private final Linear transform;
  private final LayerNorm transformNorm;
  private final Parameter bias;

  /** Attention and perceptron, each with its residual and the norm after it. */
  private record Layer(BertSelfAttention attention, Mlp mlp, LayerNorm norm) {
    static Layer of(BertConfig config, Params params) {
      return new Layer(
          BertSelfAttention.toSelf(config, params.at("attention")),
          new Mlp(config.dim(), config.mlpDim(), config.activation(), params.at("mlp")),
          new LayerNorm(config.dim(), config.normEps(), params.at("norm")));
    }

    Tensor forward(Tensor x, Pass pass) {
      Tensor attended = attention.forward(x, x, Mask.none(), pass);
      return norm.forward(mlp.forward(attended, attended));
    }
  }

  MaskedLanguageModel(BertConfig config, Params params) {
    super(params);
    this.config = config;
    int C = config.dim();
    int V = config.vocabSize();
    this.words = params.matrix("words", Shape.of(V, C), Init.normal(0.02));
    this.positions = new Embedding(config.maxPositions(), C, params.at("positions"));
    this.types = new Embedding(TOKEN_TYPES, C, params.at("types"));
    this.norm = new LayerNorm(C, config.normEps(), params.at("norm"));
    for (int i = 0; i < config.layers(); i++) {
      layers.add(Layer.of(config, params.at("layers").at(i)));
    }
    this.transform = new Linear(C, C, params.at("transform"));
    this.transformNorm = new LayerNorm(C, config.normEps(), params.at("transformNorm"));
    this.bias = params.get("bias", Shape.of(V), Init.zeros());
  }

  /**
   * Mean cross-entropy over all positions.
   *
   * @param ids [B, T], int64
   * @param labels [B T], int64
   * @return a scalar
   */
  Tensor loss(Tensor ids, Tensor labels) {
    Pass pass = Pass.evaluation(); // no dropout; gradients are recorded all the same
    Tensor x = embed(ids); // [B, T, C]
    for (Layer layer : layers) {
      x = layer.forward(x, pass);
    }
    Tensor hidden = transformNorm.forward(transform.forward(x, config.activation()));
    Tensor logits = hidden.linear(words.value(), bias.value()); // [B, T, V]
    return logits.reshape(-1, config.vocabSize()).crossEntropy(labels, 0).mean();
  }

  private Tensor embed(Tensor ids) {
    long B = ids.dim(0);
    int T = Math.toIntExact(ids.dim(1));
    Tensor places = Tensor.ids(IntStream.range(0, T).toArray());
    Tensor firstType = Tensor.of(new long[Math.toIntExact(B * T)], B, T);
    Tensor x = words.value().gather(ids).add(types.forward(firstType)); // [B, T, C]
    return norm.forward(x.add(positions.forward(places)));
  }
}
