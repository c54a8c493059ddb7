package io.github.blip2j.distributed;

/** How the numbers of all ranks become one. */
public enum Reduction {
  /** Their sum; in floating point the order of the additions may depend on the number of ranks. */
  SUM,
  /** The largest; what a NaN becomes is not defined. */
  MAX,
  /** The smallest; what a NaN becomes is not defined. */
  MIN
}
