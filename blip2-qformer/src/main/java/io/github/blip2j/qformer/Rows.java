package io.github.blip2j.qformer;

import io.github.blip2j.tensor.Tensor;

/**
 * What the rows of one sequence are, queries first and then text, and how many of them, from the
 * first on, are wanted of a layer. The others are attended to and nothing more: of a last layer
 * nobody reads them, so it need not compute them.
 *
 * <pre>{@code
 * B batch, Q queries, T words, R wanted rows, C width
 * }</pre>
 *
 * @param queries Q; none of a text
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

  /** The wanted rows [B, R, C], queries and text apart. */
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
