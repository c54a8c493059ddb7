package io.github.blip2j.io;

import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Shape;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Where a checkpoint file keeps one tensor.
 *
 * @param name the tensor's name in the checkpoint
 * @param fileName the file that holds it, without its folder
 * @param dtypeName the element type as safetensors spells it, such as {@code "BF16"}
 * @param shape its axes, outermost first
 * @param begin position of its first element, counted in bytes from the start of the file
 * @param byteSize how many bytes its elements take
 */
public record TensorEntry(
    String name, String fileName, String dtypeName, Shape shape, long begin, long byteSize) {

  /**
   * The element type.
   *
   * @throws CheckpointException if it is one that this library can't read, such as {@code F8_E4M3};
   *     such a tensor may lie in a file as long as nobody asks for it
   */
  public DType dtype() throws CheckpointException {
    return find(dtypeName)
        .orElseThrow(
            () ->
                new CheckpointException(
                    "%s: dtype of %s expected one of %s, got %s; convert it to one of these"
                        .formatted(fileName, name, known(), dtypeName)));
  }

  /** The same tensor under another name. */
  TensorEntry withName(String newName) {
    return new TensorEntry(newName, fileName, dtypeName, shape, begin, byteSize);
  }

  static Optional<DType> find(String dtypeName) {
    return Arrays.stream(DType.values())
        .filter(dtype -> dtype.safetensorsName().equals(dtypeName))
        .findFirst();
  }

  private static String known() {
    return Arrays.stream(DType.values())
        .map(DType::safetensorsName)
        .collect(Collectors.joining(", "));
  }
}
