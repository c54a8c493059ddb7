package io.github.blip2j.onednn.primitive;

import java.util.Set;

/**
 * The CPU features that decide between kernels.
 *
 * @param wide whether the CPU has AVX-512. Without it oneDNN prefers other layouts, and copies and
 *     converts bfloat16 in plain loops, 30 to 60 ns a number
 * @param bfloat16 whether it multiplies bfloat16
 * @param bytes whether it multiplies bytes (VNNI). Without it oneDNN adds pairs of products in 16
 *     bits, which overflow unless one operand has only seven bits
 */
public record Cpu(boolean wide, boolean bfloat16, boolean bytes) {

  /** The CPU with the given feature flags, as Linux names them. */
  public static Cpu of(Set<String> flags) {
    boolean wide = flags.contains("avx512bw");
    boolean bfloat16 = flags.contains("avx512_bf16") || flags.contains("amx_bf16");
    boolean bytes = flags.contains("avx512_vnni") || flags.contains("avx_vnni");
    return new Cpu(wide, bfloat16, bytes);
  }
}
