package io.github.blip2j.qformer;

import io.github.blip2j.tensor.Tensor;

/**
 * The rows of one sequence: how many of them are queries, which precede the text, and how many,
 * from the first on, a layer must compute. The others only serve as keys and values: outputs of the
 * last layer that are not used are not computed.
 *
 * <pre>{@code
 * B batch, Q queries, T tokens, R wanted rows, C width
 * }</pre>
 *
 * @param queries Q; 0 for a text
 * @param wanted R, at most Q + T
 */
record Rows(long queries, long wanted) {
  /** All rows of these streams. */
  static Rows all(QueriesAndText streams) {
    Tensor queries = streams.queries();
    Tensor text = streams.text();
    long Q = queries == null ? 0 : queries.dim(1);
    return new Rows(Q, Q + (text == null ? 0 : text.dim(1)));
  }

  /** The first {@code newWanted} of them. */
  Rows wanting(long newWanted) {
    return new Rows(queries, newWanted);
  }

  /** The wanted rows of [B, Q + T, C], [B, R, C]. */
  Tensor of(Tensor x) {
    return x.dim(1) == wanted ? x : x.narrow(1, 0, wanted).copy();
  }

  /** The wanted rows [B, R, C], separated into queries and text. */
  QueriesAndText part(Tensor x) {
    if (queries == 0) {
      return QueriesAndText.ofText(x);
    }
    if (queries >= wanted) {
      return QueriesAndText.ofQueries(x);
    }
    return new QueriesAndText(
        x.narrow(1, 0, queries).copy(), x.narrow(1, queries, wanted - queries).copy());
  }
}
