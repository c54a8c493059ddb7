package io.github.blip2j.adapter;

/** What an adapter does to one tensor of its base. */
sealed interface Change {
  /** Where the tensor that tells its shape lies in the adapter. */
  String tensor();

  /**
   * A product of low rank, added to a matrix.
   *
   * @param module whose matrix it is
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
   * A bias of the second factor, added to the module's own.
   *
   * @param of the module's product, which it is scaled as
   */
  record Shift(Product of, String tensor) implements Change {}

  /** A tensor that was trained whole. */
  record Replacement(String tensor) implements Change {}
}
