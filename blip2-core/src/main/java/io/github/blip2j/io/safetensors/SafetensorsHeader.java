package io.github.blip2j.io.safetensors;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.Json;
import io.github.blip2j.io.file.ReadableFile;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The JSON header of a safetensors file, as checked entries. All offsets, sizes and shapes are
 * checked here; later reads rely on them.
 *
 * <p>The header, of up to 100 MB, is read as a stream: only names, shapes and positions of tensors,
 * and the metadata, are kept.
 */
final class SafetensorsHeader {
  static final String METADATA = "__metadata__";
  private static final int MOST_AXES = 1000; // the format has no limit; PyTorch's is lower
  private static final int MOST_METADATA = 1_000_000;
  private static final int MOST_DIGITS = 18; // sums of two still fit
  private static final int COUNTED = 1000; // elements of an unexpected list, for messages

  private final ReadableFile file;
  private final long dataStart;
  private final NavigableMap<String, String> metadata = new TreeMap<>();
  private final NavigableMap<String, TensorEntry> tensors = new TreeMap<>();
  private final Map<String, String> dtypes = new HashMap<>(); // interned spellings

  /**
   * Reads the header of a file.
   *
   * @param size bytes of the JSON, without the eight bytes of its length
   */
  SafetensorsHeader(ReadableFile file, long size) throws CheckpointException {
    this.file = file;
    this.dataStart = Long.BYTES + size;
    Json.read(
        file.stream(Long.BYTES, size),
        file.name() + ": header",
        reader -> {
          document(reader);
          return dataStart;
        });
    requireAdjacent();
  }

  Map<String, String> metadata() {
    return metadata;
  }

  NavigableMap<String, TensorEntry> tensors() {
    return tensors;
  }

  private void document(JsonReader reader) throws IOException {
    if (reader.peek() != JsonToken.BEGIN_OBJECT) {
      throw file.error("header: JSON object expected, got %s at the top", described(reader));
    }
    boolean told = false;
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      if (!name.equals(METADATA)) {
        if (tensors.put(name, entry(name, reader)) != null) {
          throw twice(name);
        }
      } else if (told) {
        throw twice(name);
      } else {
        told = true;
        readMetadata(reader);
      }
    }
    reader.endObject();
    var unused = reader.peek(); // rejects anything after the object
  }

  private void readMetadata(JsonReader reader) throws IOException {
    if (reader.peek() == JsonToken.NULL) {
      reader.nextNull();
      return;
    }
    if (reader.peek() != JsonToken.BEGIN_OBJECT) {
      throw file.error("%s expected an object, got %s", METADATA, described(reader));
    }
    reader.beginObject();
    while (reader.hasNext()) {
      String key = reader.nextName();
      if (reader.peek() != JsonToken.STRING) {
        throw file.error("%s.%s expected a string, got %s", METADATA, key, described(reader));
      }
      if (metadata.put(key, reader.nextString()) != null) {
        throw twice(key);
      }
      if (metadata.size() > MOST_METADATA) {
        throw file.error("%s expected at most %d keys, got more", METADATA, MOST_METADATA);
      }
    }
    reader.endObject();
  }

  private TensorEntry entry(String name, JsonReader reader) throws IOException {
    if (reader.peek() != JsonToken.BEGIN_OBJECT) {
      throw file.error("tensor %s expected an object, got %s", name, described(reader));
    }
    @Nullable String dtype = null;
    long @Nullable [] shape = null;
    long @Nullable [] offsets = null;
    reader.beginObject();
    while (reader.hasNext()) {
      String key = reader.nextName();
      boolean seen =
          switch (key) {
            case "dtype" -> dtype != null;
            case "shape" -> shape != null;
            case "data_offsets" -> offsets != null;
            default -> false;
          };
      if (seen) {
        throw twice(key);
      }
      if (reader.peek() == JsonToken.NULL) {
        reader.nextNull();
        continue;
      }
      switch (key) {
        case "dtype" -> dtype = dtype(name, reader);
        case "shape" -> shape = naturals(name, key, reader);
        case "data_offsets" -> offsets = naturals(name, key, reader);
        default -> reader.skipValue();
      }
    }
    reader.endObject();
    return entry(
        name,
        present("dtype", name, dtype),
        Shape.of(present("shape", name, shape)),
        present("data_offsets", name, offsets));
  }

  private TensorEntry entry(String name, String dtype, Shape shape, long[] offsets)
      throws CheckpointException {
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw file.error(
          "data_offsets of tensor %s expected [begin, end], got %s",
          name, Arrays.toString(offsets));
    }
    if (offsets[1] > file.size() - dataStart) {
      // A header may state such sizes, although no file is that long.
      String end = Long.toUnsignedString(offsets[1] + dataStart);
      throw file.error(
          "tensor %s ends at byte %s, past the end of the file (%d bytes); %s",
          name, end, file.size(), "the file is truncated, copy it again");
    }
    long byteSize = offsets[1] - offsets[0];
    requireByteSize(name, dtype, shape, byteSize);
    return new TensorEntry(name, file.name(), dtype, shape, dataStart + offsets[0], byteSize);
  }

  private void requireByteSize(String name, String dtype, Shape shape, long byteSize)
      throws CheckpointException {
    long bits = TensorEntry.bits(dtype);
    if (bits == 0) {
      return; // reading such a tensor is rejected later; its presence is allowed
    }
    long expected;
    try {
      expected =
          bits < Byte.SIZE
              ? Math.multiplyExact(shape.size(), bits) / Byte.SIZE
              : Math.multiplyExact(shape.size(), bits / Byte.SIZE);
    } catch (ArithmeticException e) {
      throw file.error("shape of tensor %s expected fewer than 2^63 bytes, got %s", name, shape);
    }
    if (expected != byteSize || shape.size() * bits % Byte.SIZE != 0) {
      throw file.error(
          "tensor %s expected %d bytes for %s %s, got %d", name, expected, dtype, shape, byteSize);
    }
  }

  private String dtype(String tensor, JsonReader reader) throws IOException {
    if (reader.peek() != JsonToken.STRING) {
      throw file.error("dtype of tensor %s expected a string, got %s", tensor, described(reader));
    }
    return dtypes.computeIfAbsent(reader.nextString(), spelled -> spelled);
  }

  private long[] naturals(String tensor, String key, JsonReader reader) throws IOException {
    if (reader.peek() != JsonToken.BEGIN_ARRAY) {
      throw file.error("%s of tensor %s expected a list, got %s", key, tensor, described(reader));
    }
    long[] numbers = new long[8];
    int count = 0;
    reader.beginArray();
    while (reader.hasNext()) {
      if (count == MOST_AXES) {
        throw file.error(
            "%s of tensor %s expected at most %d numbers, got more", key, tensor, MOST_AXES);
      }
      numbers = count < numbers.length ? numbers : Arrays.copyOf(numbers, 2 * count);
      numbers[count++] = natural(tensor, key, reader);
    }
    reader.endArray();
    return Arrays.copyOf(numbers, count);
  }

  private long natural(String tensor, String key, JsonReader reader) throws IOException {
    boolean number = reader.peek() == JsonToken.NUMBER;
    String text = number ? reader.nextString() : described(reader);
    number &= text.length() <= MOST_DIGITS;
    for (int i = 0; number && i < text.length(); i++) {
      number = text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    if (!number) {
      throw file.error(
          "%s of tensor %s expected integers from 0 to 10^18, got %s",
          key, tensor, Json.shortened(text));
    }
    return Long.parseLong(text);
  }

  /** A description of the reader's next value for messages; consumes the value. */
  private static String described(JsonReader reader) throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> "an object";
      case BEGIN_ARRAY -> "a list of " + counted(reader);
      case STRING -> Json.describe(reader.nextString());
      case BOOLEAN -> String.valueOf(reader.nextBoolean());
      case NULL -> "null";
      default -> Json.shortened(reader.nextString()); // a number, or an invalid value
    };
  }

  private static String counted(JsonReader reader) throws IOException {
    int count = 0;
    reader.beginArray();
    while (count < COUNTED && reader.hasNext()) {
      reader.skipValue();
      count++;
    }
    return count < COUNTED ? String.valueOf(count) : "many";
  }

  private <T> T present(String key, String tensor, @Nullable T value) throws CheckpointException {
    if (value == null) {
      throw file.error("%s of tensor %s is missing", key, tensor);
    }
    return value;
  }

  private CheckpointException twice(String key) {
    return file.error("header: keys expected to differ, got \"%s\" twice", key);
  }

  /**
   * Checks that tensors neither overlap nor leave gaps, as the format requires and Python's reader
   * checks: such bytes mean that the header belongs to another file.
   */
  private void requireAdjacent() throws CheckpointException {
    List<TensorEntry> inOrder = new ArrayList<>(tensors.values());
    inOrder.sort(
        Comparator.comparingLong(TensorEntry::begin).thenComparingLong(TensorEntry::byteSize));
    long end = dataStart;
    for (TensorEntry entry : inOrder) {
      if (entry.begin() != end) {
        throw file.error(
            "tensor %s expected to begin at byte %d, where the one before it ends, got %d",
            entry.name(), end, entry.begin());
      }
      end = entry.begin() + entry.byteSize();
    }
    if (end != file.size()) {
      throw file.error(
          "tensors expected to end with the file at byte %d, got %d", file.size(), end);
    }
  }
}
