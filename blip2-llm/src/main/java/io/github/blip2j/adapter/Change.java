package io.github.blip2j.adapter;

/** The change of one tensor of the base model by an adapter. */
sealed interface Change {
  /** The adapter's tensor that determines the shape. */
  String tensor();

  /**
   * A low-rank product that is added to a matrix.
   *
   * @param module the module of the matrix
   * @param a name of the factor [R, in]
   * @param b name of the factor [out, R]
   */
  record Product(String module, String a, String b) implements Change {
    @Override
    public String tensor() {
      return a;
    }
  }

  /**
   * The bias of the second factor, which is added to the module's own bias.
   *
   * @param of the module's product, which has the same scale
   */
  record Shift(Product of, String tensor) implements Change {}

  /** A tensor that was trained as a whole and replaces the base model's. */
  record Replacement(String tensor) implements Change {}
}
