package io.github.blip2j.onednn.primitive;

import java.util.Set;

/**
 * What of a CPU decides between kernels.
 *
 * @param wide whether its registers are those of AVX-512. Without them oneDNN has other favourite
 *     layouts, and moves and converts bfloat16 in plain loops only, 30 to 60 ns a number
 * @param bfloat16 whether it multiplies bfloat16
 * @param bytes whether it multiplies bytes. Without an instruction for it oneDNN adds pairs of
 *     products in 16 bits, which overflow unless one of the two has seven bits only
 */
public record Cpu(boolean wide, boolean bfloat16, boolean bytes) {

  /** By the names that Linux gives a CPU's abilities. */
  public static Cpu of(Set<String> flags) {
    boolean wide = flags.contains("avx512bw");
    boolean bfloat16 = flags.contains("avx512_bf16") || flags.contains("amx_bf16");
    boolean bytes = flags.contains("avx512_vnni") || flags.contains("avx_vnni");
    return new Cpu(wide, bfloat16, bytes);
  }
}
