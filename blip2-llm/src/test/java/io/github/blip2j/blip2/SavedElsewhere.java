package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/** A folder as Python's libraries write it, and the tokens that transformers wrote with it. */
record SavedElsewhere(Path folder, List<Integer> expected) {
  private static final Path ALL = Path.of("src/test/resources/checkpoints");

  static SavedElsewhere of(String name) throws IOException {
    return at(ALL.resolve(name));
  }

  private static SavedElsewhere at(Path folder) throws IOException {
    String[] ids = Files.readString(folder.resolve("expected.txt")).strip().split(",");
    return new SavedElsewhere(folder, Arrays.stream(ids).map(Integer::valueOf).toList());
  }

  /** The same in another folder, to be changed; what is written stays what is expected. */
  SavedElsewhere copyTo(Path target) throws IOException {
    Fixture.copyTo(folder, target);
    Path instructions = folder.resolve("qformer_tokenizer");
    if (Files.exists(instructions)) {
      Fixture.copyTo(instructions, Files.createDirectory(target.resolve("qformer_tokenizer")));
    }
    return new SavedElsewhere(target, expected);
  }

  /** Gives tensors other names. */
  SavedElsewhere renaming(UnaryOperator<String> names) throws IOException {
    return editing(
        header -> {
          for (Map.Entry<String, JsonElement> each : List.copyOf(header.entrySet())) {
            if (!each.getKey().equals("__metadata__")) {
              header.remove(each.getKey());
              header.add(names.apply(each.getKey()), each.getValue());
            }
          }
        });
  }

  /**
   * Stores a tensor once more under another name, every number of it with its sign changed or not.
   */
  SavedElsewhere adding(String name, String original, boolean negated) throws IOException {
    Path file = folder.resolve(Fixture.WEIGHTS);
    byte[] bytes;
    try (SafetensorsFile stored = SafetensorsFile.open(file)) {
      TensorEntry entry = Objects.requireNonNull(stored.tensors().get(original));
      ByteBuffer into = ByteBuffer.allocate(Math.toIntExact(entry.byteSize()));
      stored.read(original, into);
      bytes = into.array();
    }
    for (int last = Float.BYTES - 1; negated && last < bytes.length; last += Float.BYTES) {
      bytes[last] ^= (byte) 0x80;
    }
    long[] end = {0};
    editing(
        header -> {
          for (Map.Entry<String, JsonElement> each : header.entrySet()) {
            if (!each.getKey().equals("__metadata__")) {
              end[0] = Math.max(end[0], offsets(each.getValue().getAsJsonObject()).get(1));
            }
          }
          JsonObject copy = header.getAsJsonObject(original).deepCopy();
          FolderCase.set(copy, "data_offsets", List.of(end[0], end[0] + bytes.length));
          header.add(name, copy);
        });
    Files.write(file, bytes, StandardOpenOption.APPEND);
    return this;
  }

  private static List<Long> offsets(JsonObject tensor) {
    return tensor.getAsJsonArray("data_offsets").asList().stream()
        .map(JsonElement::getAsLong)
        .toList();
  }

  /** Changes the header of the weights. */
  SavedElsewhere editing(FolderCase.Edit edit) throws IOException {
    Fixture.editHeader(folder.resolve(Fixture.WEIGHTS), edit::of);
    return this;
  }

  SavedElsewhere editing(String file, FolderCase.Edit edit) throws IOException {
    Fixture.editJson(folder.resolve(file), (JsonObject json) -> edit.of(json));
    return this;
  }

  List<Integer> written(LoadOptions options) throws IOException {
    try (var blip2 = Blip2.load(folder, options)) {
      return written(blip2);
    }
  }

  List<Integer> written(Blip2 blip2) throws IOException {
    return blip2
        .generate(
            new ImageDecoder().decode(folder.resolve("image.png")),
            "a red",
            GenerationConfig.greedy().maxNewTokens(8))
        .get(0)
        .tokenIds();
  }

  /** The model writes what transformers wrote. */
  void assertWritten() throws IOException {
    assertEquals(expected, written(LoadOptions.of(Precision.FLOAT32)));
  }
}
