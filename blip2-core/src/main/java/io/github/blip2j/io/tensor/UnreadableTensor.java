package io.github.blip2j.io.tensor;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A tensor without numbers, or whose numbers are not stored one after the other. It is listed with
 * the other tensors of its file, so that an attempt to read it is reported precisely.
 *
 * @param kind the kind of storage, in place of the element type
 * @param size axis lengths, as far as they are known
 */
@SuppressWarnings("ArrayRecordComponent")
public // created once, never compared, and internal to this package
record UnreadableTensor(String kind, long[] size) {
  public static final String SPARSE = "SPARSE";
  public static final String QUANTIZED = "QUANTIZED";
  public static final String META = "META";
  public static final String NESTED = "NESTED";
  private static final String CLASS = "CLASS ";
  private static final String METADATA = "METADATA ";
  private static final String DEVICE = "DEVICE ";

  /** A tensor of a class that may interpret its numbers in its own way. */
  public static String ofClass(String name) {
    return CLASS + name;
  }

  /** A tensor with unknown metadata about its numbers. */
  public static String withMetadata(String name) {
    return METADATA + name;
  }

  /** A tensor of a device, stored in another form. */
  public static String ofDevice(String form) {
    return DEVICE + form;
  }

  /**
   * The reason why an element type is unsupported, and a remedy; null for a type that is supported
   * or unknown.
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
