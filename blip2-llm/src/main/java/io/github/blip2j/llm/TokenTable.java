package io.github.blip2j.llm;

import io.github.blip2j.nn.Embedding;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import org.jspecify.annotations.Nullable;

/**
 * The token embeddings of a decoder ({@code words}) and its language-model head ({@code head}),
 * which may be the same matrix.
 *
 * <p>If the configuration ties them, a checkpoint may hold either or both; if it holds both and
 * they differ, they are not tied, as in Hugging Face.
 */
public final class TokenTable {
  private final Embedding words;
  private final @Nullable Linear head;

  /**
   * Builds both below {@code params}.
   *
   * @param dim width of the embeddings
   * @param tied whether the configuration ties the head to the embeddings
   */
  public TokenTable(int vocabSize, int dim, boolean tied, Params params) {
    boolean apart = !tied || params.storedApart("words.weight", "head.weight");
    boolean storedInHead = tied && !params.has("words.weight") && params.has("head.weight");
    // Rounding errors of the head affect every token, and it is small compared with the layers.
    Params table =
        params.at(storedInHead ? "head" : "words").forDecoding().atLeast(Precision.BFLOAT16);
    this.words =
        apart ? new Embedding(vocabSize, dim, table) : Embedding.tied(vocabSize, dim, table);
    Params own = params.at("head").forDecoding().atLeast(Precision.BFLOAT16);
    this.head = apart ? Linear.withoutBias(dim, vocabSize, own) : null;
  }

  /**
   * The embeddings of tokens.
   *
   * @param ids [...], int64
   * @return [..., L]
   */
  public Tensor embed(Tensor ids) {
    return words.forward(ids);
  }

  /**
   * The logits of all tokens.
   *
   * @param hidden [..., L]
   * @return [..., V]
   */
  public Tensor logits(Tensor hidden) {
    return head == null ? words.scores(hidden) : head.forward(hidden);
  }
}
