package io.github.blip2j.io.tensor;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A tensor whose numbers do not lie in the file one after the other, or that has none. It has a
 * place among the tensors of its file, so that whoever asks for it is told what it is; the others
 * can be read.
 *
 * @param kind what stands in the place of its element type
 * @param size axis lengths, as far as they are told
 */
@SuppressWarnings("ArrayRecordComponent")
public // made once, compared never, and kept within this package
record UnreadableTensor(String kind, long[] size) {
  public static final String SPARSE = "SPARSE";
  public static final String QUANTIZED = "QUANTIZED";
  public static final String META = "META";
  public static final String NESTED = "NESTED";
  private static final String CLASS = "CLASS ";
  private static final String METADATA = "METADATA ";
  private static final String DEVICE = "DEVICE ";

  /** A tensor of a class that may read its numbers in a way of its own. */
  public static String ofClass(String name) {
    return CLASS + name;
  }

  /** A tensor with something said of its numbers that nobody here knows. */
  public static String withMetadata(String name) {
    return METADATA + name;
  }

  /** A tensor of a device's memory, kept in another form. */
  public static String ofDevice(String form) {
    return DEVICE + form;
  }

  /**
   * What is wrong with a tensor of an element type, and what to do; null if nothing is, or nothing
   * that this class knows of.
   */
  static @Nullable public String explain(String kind) {
    if (kind.startsWith(CLASS)) {
      return "an object of " + kind.substring(CLASS.length()) + "; save it as a plain tensor";
    }
    if (kind.startsWith(METADATA)) {
      return String.format(
          Locale.ROOT,
          "one with metadata \"%s\"; save its resolve_conj().resolve_neg()",
          kind.substring(METADATA.length()));
    }
    if (kind.startsWith(DEVICE)) {
      return String.format(
          Locale.ROOT,
          "one of another device as %s; save its cpu()",
          kind.substring(DEVICE.length()));
    }
    return switch (kind) {
      case SPARSE -> "a sparse one; save its to_dense()";
      case QUANTIZED -> "a quantized one; save its dequantize()";
      case META -> "one on the meta device, which has no numbers; save it from where it has";
      case NESTED -> "a nested one; save its to_padded_tensor(0)";
      default -> null;
    };
  }
}
