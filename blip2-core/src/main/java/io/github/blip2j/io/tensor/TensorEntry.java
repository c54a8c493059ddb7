package io.github.blip2j.io.tensor;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The location of a tensor in a checkpoint file.
 *
 * @param name the tensor's name in the checkpoint
 * @param fileName the name of the file, without its folder
 * @param dtypeName the element type as safetensors spells it, such as {@code "BF16"}; for a tensor
 *     that PyTorch does not store element by element, the kind of storage, such as {@code "SPARSE"}
 * @param shape its axes, outermost first
 * @param begin position of its first element in bytes from the start of the file
 * @param byteSize the number of bytes of its elements
 */
public record TensorEntry(
    String name, String fileName, String dtypeName, Shape shape, long begin, long byteSize) {

  /**
   * The element type.
   *
   * @throws CheckpointException if this library can't read the type, such as {@code F8_E4M3}, or
   *     the tensor is sparse, quantized or without numbers. A file may contain such a tensor as
   *     long as nothing reads it
   */
  public DType dtype() throws CheckpointException {
    @Nullable String unreadable = UnreadableTensor.explain(dtypeName);
    if (unreadable != null) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: tensor %s expected to be a dense one, got %s",
              fileName,
              name,
              unreadable));
    }
    return find(dtypeName)
        .orElseThrow(
            () ->
                new CheckpointException(
                    String.format(
                        Locale.ROOT,
                        "%s: dtype of %s expected one of %s, got %s; convert it to one of these",
                        fileName,
                        name,
                        known(),
                        dtypeName)));
  }

  /**
   * Whether {@code Checkpoint#summary} supports the tensor: dense, with real, integer or boolean
   * elements.
   */
  public boolean hasSummary() {
    return TensorSummary.isOf(dtypeName);
  }

  /** This tensor with another name. */
  public TensorEntry withName(String newName) {
    return new TensorEntry(newName, fileName, dtypeName, shape, begin, byteSize);
  }

  /**
   * Whether a type, as safetensors spells it, is a floating-point type that this library can
   * decode.
   */
  public static boolean isFloating(String dtypeName) {
    return find(dtypeName).map(DType::isFloating).orElse(false);
  }

  static Optional<DType> find(String dtypeName) {
    return Arrays.stream(DType.values())
        .filter(dtype -> dtype.safetensorsName().equals(dtypeName))
        .findFirst();
  }

  /**
   * Bits of one element of a type as safetensors 0.8 spells it, or 0 for an unknown type. Elements
   * of fewer than 8 bits are packed.
   */
  public static int bits(String dtypeName) {
    return switch (dtypeName) {
      case "F4" -> 4;
      case "F6_E2M3", "F6_E3M2" -> 6;
      case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ" -> 8;
      case "I16", "U16", "F16", "BF16" -> 16;
      case "I32", "U32", "F32" -> 32;
      case "I64", "U64", "F64", "C64" -> 64;
      default -> 0;
    };
  }

  private static String known() {
    return Arrays.stream(DType.values())
        .map(DType::safetensorsName)
        .collect(Collectors.joining(", "));
  }
}
