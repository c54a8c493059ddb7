package io.github.blip2j.io;

import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Shape;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Turns the JSON header of a safetensors file into checked entries. Everything a later read relies
 * on is checked here: no offset, size or shape from a file is trusted after this.
 */
final class SafetensorsHeader {
  static final String METADATA = "__metadata__";

  private final String fileName;
  private final long dataStart;
  private final long fileSize;

  /**
   * A parser for one file.
   *
   * @param dataStart where the header ends and the tensors' bytes begin
   * @param fileSize bytes in the whole file
   */
  SafetensorsHeader(String fileName, long dataStart, long fileSize) {
    this.fileName = fileName;
    this.dataStart = dataStart;
    this.fileSize = fileSize;
  }

  Map<String, String> metadata(Map<String, Object> header) throws CheckpointException {
    @Nullable Object stored = header.get(METADATA);
    Object value = stored == null || Json.isNull(stored) ? Map.of() : stored;
    if (!(value instanceof Map<?, ?> map)) {
      throw error(METADATA + " expected an object, got " + Json.describe(value));
    }
    NavigableMap<String, String> metadata = new TreeMap<>();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!(entry.getValue() instanceof String text)) {
        throw error(
            "%s.%s expected a string, got %s"
                .formatted(METADATA, entry.getKey(), Json.describe(entry.getValue())));
      }
      metadata.put((String) entry.getKey(), text);
    }
    return metadata;
  }

  NavigableMap<String, TensorEntry> tensors(Map<String, Object> header) throws CheckpointException {
    NavigableMap<String, TensorEntry> tensors = new TreeMap<>();
    for (Map.Entry<String, Object> entry : header.entrySet()) {
      if (!entry.getKey().equals(METADATA)) {
        tensors.put(entry.getKey(), entry(entry.getKey(), entry.getValue()));
      }
    }
    requireAdjacent(tensors);
    return tensors;
  }

  private TensorEntry entry(String name, Object value) throws CheckpointException {
    if (!(value instanceof Map<?, ?> fields)) {
      throw error("tensor %s expected an object, got %s".formatted(name, Json.describe(value)));
    }
    Object dtypeField = field(name, fields, "dtype");
    if (!(dtypeField instanceof String dtype)) {
      throw error(
          "dtype of tensor %s expected a string, got %s"
              .formatted(name, Json.describe(dtypeField)));
    }
    Shape shape = Shape.of(naturals(name, fields, "shape"));
    long[] offsets = naturals(name, fields, "data_offsets");
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw error(
          "data_offsets of tensor %s expected [begin, end], got %s"
              .formatted(name, fields.get("data_offsets")));
    }
    if (offsets[1] > fileSize - dataStart) {
      // No overflow: a file that long doesn't exist, but a header may claim it.
      String end = Long.toUnsignedString(offsets[1] + dataStart);
      throw error(
          "tensor %s ends at byte %s, past the end of the file (%d bytes); %s"
              .formatted(name, end, fileSize, "the file is truncated, copy it again"));
    }
    long byteSize = offsets[1] - offsets[0];
    requireByteSize(name, dtype, shape, byteSize);
    return new TensorEntry(name, fileName, dtype, shape, dataStart + offsets[0], byteSize);
  }

  private void requireByteSize(String name, String dtypeName, Shape shape, long byteSize)
      throws CheckpointException {
    Optional<DType> dtype = TensorEntry.find(dtypeName);
    if (dtype.isEmpty()) {
      return; // reading it is refused later; merely lying in the file is not
    }
    long expected;
    try {
      expected = Math.multiplyExact(shape.size(), (long) dtype.get().byteSize());
    } catch (ArithmeticException e) {
      throw error(
          "shape of tensor %s expected fewer than 2^63 bytes, got %s".formatted(name, shape));
    }
    if (expected != byteSize) {
      throw error(
          "tensor %s expected %d bytes for %s %s, got %d"
              .formatted(name, expected, dtypeName, shape, byteSize));
    }
  }

  private Object field(String tensor, Map<?, ?> fields, String key) throws CheckpointException {
    @Nullable Object value = fields.get(key);
    if (value == null || Json.isNull(value)) {
      throw error("%s of tensor %s is missing".formatted(key, tensor));
    }
    return value;
  }

  private long[] naturals(String tensor, Map<?, ?> fields, String key) throws CheckpointException {
    Object value = field(tensor, fields, key);
    if (!(value instanceof List<?> list)) {
      throw error(
          "%s of tensor %s expected a list, got %s".formatted(key, tensor, Json.describe(value)));
    }
    long[] numbers = new long[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = natural(tensor, key, list.get(i));
    }
    return numbers;
  }

  private long natural(String tensor, String key, Object value) throws CheckpointException {
    if (value instanceof Json.Literal number && number.text().matches("[0-9]{1,18}")) {
      return Long.parseLong(number.text());
    }
    throw error(
        "%s of tensor %s expected integers from 0 to 10^18, got %s"
            .formatted(key, tensor, Json.describe(value)));
  }

  /**
   * The format forbids overlaps and holes, and Python's reader refuses both: bytes that no tensor
   * or two tensors claim mean that the header belongs to another file.
   */
  private void requireAdjacent(NavigableMap<String, TensorEntry> tensors)
      throws CheckpointException {
    List<TensorEntry> inOrder =
        tensors.values().stream()
            .sorted(
                Comparator.comparingLong(TensorEntry::begin)
                    .thenComparingLong(TensorEntry::byteSize))
            .toList();
    long end = dataStart;
    for (TensorEntry entry : inOrder) {
      if (entry.begin() != end) {
        throw error(
            "tensor %s expected to begin at byte %d, where the one before it ends, got %d"
                .formatted(entry.name(), end, entry.begin()));
      }
      end = entry.begin() + entry.byteSize();
    }
    if (end != fileSize) {
      throw error(
          "tensors expected to end with the file at byte %d, got %d".formatted(fileSize, end));
    }
  }

  private CheckpointException error(String message) {
    return new CheckpointException(fileName + ": " + message);
  }
}
