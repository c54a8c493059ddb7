package io.github.blip2j.qformer;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/**
 * BERT with its language-model head (Devlin et al. 2019): a transform, and the tied token embedding
 * as output matrix, with a bias. A plain BERT predicts masked tokens with it or, as a decoder, the
 * next one; the Q-Former generates image-grounded text (Li et al. 2023, section 3.1).
 *
 * <pre>{@code
 * B batch, R rows of one decoding step, T tokens, C width, V vocabulary
 * }</pre>
 */
public final class BertLMHeadModel extends Module {
  private final BertModel bert;
  private final Linear transform;
  private final LayerNorm norm;
  private final Parameter bias;

  /** Builds a model; the configuration must have text. */
  public BertLMHeadModel(BertConfig config, Params params) {
    this(params, new BertModel(config, TokenTable.TIED, params.at("bert")), params.at("head"));
    // A stored copy of the tied matrix counts as used; a different matrix is reported as unused.
    params.storedApart("bert.embeddings.words.weight", "head.decoder.weight");
  }

  /** Builds a head on a given body with a tied token embedding. */
  BertLMHeadModel(BertModel bert, Params params) {
    this(params, bert, params);
  }

  private BertLMHeadModel(Params own, BertModel bert, Params params) {
    super(own);
    BertConfig config = bert.config();
    if (!config.text()) {
      throw new IllegalArgumentException(
          path() + ": text side expected under a language-model head, got queries only");
    }
    this.bert = bert;
    this.transform = new Linear(config.dim(), config.dim(), params.at("transform"));
    this.norm = new LayerNorm(config.dim(), config.normEps(), params.at("norm"));
    this.bias = params.get("bias", Shape.of(config.vocabSize()), Init.zeros());
  }

  /**
   * A plain BERT with its head from a {@code bert-base-uncased} style folder.
   *
   * @param home the scope of the parameters
   */
  public static BertLMHeadModel load(Path folder, Scope home) throws IOException {
    return BertFolder.load(folder, home, BertNames::withHead, BertLMHeadModel::new);
  }

  /**
   * How the tensors of such a folder fit, by names and shapes only.
   *
   * @param home what the load would take memory from
   */
  public static Params.Fit fit(Path folder, Scope home) throws IOException {
    return BertFolder.fit(folder, home, BertNames::withHead, BertLMHeadModel::new);
  }

  /** The names that transformers stores the parameters of this class under, from the root. */
  public static KeyMap huggingFaceNames() {
    return BertNames.withHead(Set.of("bert.embeddings.word_embeddings.weight"));
  }

  /** The body. */
  public BertModel bert() {
    return bert;
  }

  /** The logits of every position of a plain BERT's input, [B, T, V]. */
  public Tensor forward(BertInput input, ForwardPass pass) {
    return logits(bert.forward(input, pass));
  }

  /** The head: hidden states [..., C] to logits [..., V]. */
  public Tensor logits(Tensor hidden) {
    Tensor x = norm.forward(transform.forward(hidden, bert.config().activation())); // [..., C]
    return bert.scores(x, bias.value());
  }

  /**
   * The loss of hidden states; the head is applied only where a label counts.
   *
   * @param hidden [B, T, C]
   * @param labels [B, T], int64, {@link TokenLoss#IGNORED} for positions without loss
   * @return as {@link TokenLoss} says
   */
  public Tensor loss(Tensor hidden, Tensor labels, TokenLoss loss) {
    return loss.of(hidden, labels, this::logits);
  }

  /**
   * One decoding step after the queries in a cache: the logits of the next token. Nothing is
   * recorded.
   *
   * @param ids the new tokens, [R, T], int64; they are added to the cache
   * @param queries how many of the cache's positions are queries
   * @return [R, V]
   */
  public Tensor nextLogits(Tensor ids, KeyValueCache cache, int queries) {
    try (var off = GradMode.noGrad()) {
      ids.shape().require(path(), "ids", Shape.ANY, Shape.ANY);
      int tokens = Math.max(0, cache.length() - queries) + Math.toIntExact(ids.dim(1));
      int[][] mask = TextRows.ones(Math.toIntExact(ids.dim(0)), tokens);
      return lastLogits(bert.decodeText(ids, mask, cache, queries, ForwardPass.evaluation()));
    }
  }

  /** One decoding step of a plain decoder, whose input should have a cache: [R, V]. */
  public Tensor nextLogits(BertInput input) {
    try (var off = GradMode.noGrad()) {
      return lastLogits(bert.forward(input, ForwardPass.evaluation()));
    }
  }

  /** Logits of the last position only, for the head is the widest layer. */
  private Tensor lastLogits(Tensor hidden) {
    return logits(hidden.select(1, hidden.dim(1) - 1).copy());
  }
}
