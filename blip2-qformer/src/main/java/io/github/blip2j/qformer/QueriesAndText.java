package io.github.blip2j.qformer;

import io.github.blip2j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The hidden states of queries and text in one BERT. In self-attention they are one sequence with
 * the queries first; their MLPs are separate. Either may be absent, not both.
 *
 * @param queries [B, Q, C]
 * @param text [B, T, C]
 */
public record QueriesAndText(@Nullable Tensor queries, @Nullable Tensor text) {
  /** Checks that there are queries or text. */
  public QueriesAndText {
    if (queries == null && text == null) {
      throw new IllegalArgumentException("streams: expected queries or text, got neither");
    }
  }

  /** Only queries. */
  public static QueriesAndText ofQueries(Tensor queries) {
    return new QueriesAndText(queries, null);
  }

  /** Only text. */
  public static QueriesAndText ofText(Tensor text) {
    return new QueriesAndText(null, text);
  }

  /** One sequence, [B, Q + T, C]. */
  public Tensor joined() {
    Tensor q = queries;
    Tensor t = text;
    if (q == null || t == null) {
      return q == null ? present(t) : q;
    }
    return Tensor.concat(1, List.of(q, t));
  }

  private static Tensor present(@Nullable Tensor tensor) {
    if (tensor == null) {
      throw new AssertionError("streams without a stream");
    }
    return tensor;
  }
}
