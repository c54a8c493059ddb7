package io.github.blip2j.onednn;

import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Precision;
import org.bytedeco.dnnl.memory;

/**
 * How the weights of one size and type are stored.
 *
 * @param description the matrix [K, N] in oneDNN's words, of rank 3 where its products want that
 * @param reads what its products read
 * @param rows where single rows lie in it
 */
record Stored(Precision precision, memory.desc description, Reads reads, BlockedRows rows) {

  static Stored of(Precision precision, memory.desc description, Reads reads, long K) {
    BlockedRows rows = new BlockedRows(description, precision, K);
    return new Stored(precision, description, reads, rows);
  }

  /** Inputs of a product. */
  enum Reads {
    /** As they are; a narrower weight is widened on its way into the product. */
    FLOAT32,
    /** Rounded, where the CPU multiplies bfloat16. */
    BFLOAT16,
    /** Rounded to rows of bytes, where it multiplies those. */
    BYTES
  }

  /** What may be kept between two maps, for it would be rounded to it anyway. */
  DType input() {
    return reads == Reads.BFLOAT16 ? DType.BFLOAT16 : DType.FLOAT32;
  }

  static memory.data_type type(Precision precision) {
    return switch (precision) {
      case FLOAT32 -> memory.data_type.f32;
      case BFLOAT16 -> memory.data_type.bf16;
      case INT8 -> memory.data_type.s8;
    };
  }
}
