package io.github.blip2j.blip2;

import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.files.PlainLanguage;
import io.github.blip2j.blip2.checkpoint.lavis.KeyBias;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.io.torch.TorchWriter;
import io.github.blip2j.tensor.types.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A small BLIP-2 of Hugging Face as LAVIS would have stored it: in parts. */
public final class LavisPartFiles {
  private static final String TOWER = "visual_encoder.";
  private static final String HEADS = "{\"vision_heads\": 4, \"bert_heads\": 4}";

  private LavisPartFiles() {}

  /** A tensor to write. */
  public static final class Stored {
    private final DType dtype;
    private final TensorEntry entry;
    private final byte[] bytes;

    Stored(DType dtype, TensorEntry entry, byte[] bytes) {
      this.dtype = dtype;
      this.entry = entry;
      this.bytes = bytes;
    }

    DType dtype() {
      return dtype;
    }

    TensorEntry entry() {
      return entry;
    }
  }

  /** What the second stage trained of the small model with OPT, with heads told beside it. */
  public static Path trained(Path folder) throws IOException {
    return trained(folder, tensors -> tensors);
  }

  /** The same, damaged. */
  public static Path trained(Path folder, UnaryOperator<Map<String, Stored>> change)
      throws IOException {
    Path whole = whole(folder);
    Map<String, Stored> trained = read(whole);
    trained.keySet().removeIf(name -> name.startsWith(TOWER) || name.startsWith("opt_model."));
    return write(folder.resolve("trained.pth"), change.apply(trained));
  }

  /** All of it in one file, as no release of LAVIS has it. */
  public static Path whole(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("model.json"), HEADS);
    Path whole = folder.resolve("whole.pth");
    Conversion.toLavis(Fixture.HF_OPT, whole, KeyBias.KEEP);
    return whole;
  }

  /** The trained part with its tower, as files fine-tuned on captions are. */
  public static Path fineTuned(Path folder) throws IOException {
    Map<String, Stored> tensors = read(whole(folder));
    tensors.keySet().removeIf(name -> name.startsWith("opt_model."));
    return write(folder.resolve("caption.pth"), tensors);
  }

  /** The tower in a file of its own, with one more block and the head of its own training. */
  public static Path tower(Path folder) throws IOException {
    Map<String, Stored> tower = new TreeMap<>();
    read(whole(folder))
        .forEach(
            (name, tensor) -> {
              if (name.startsWith(TOWER)) {
                String own = name.substring(TOWER.length());
                tower.put(own, tensor);
                if (own.startsWith("blocks.2.")) {
                  tower.put(own.replace("blocks.2.", "blocks.3."), tensor);
                  tower.put("norm." + own.substring(own.lastIndexOf('.') + 1), tensor);
                }
              }
            });
    return write(folder.resolve("eva_vit_g.pth"), tower);
  }

  /** The language model in a folder of its own. */
  public static Path language(Path folder) throws IOException {
    return PlainLanguage.write(Fixture.HF_OPT, folder);
  }

  static Map<String, Stored> read(Path path) throws IOException {
    Map<String, Stored> tensors = new TreeMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      for (TensorEntry entry : checkpoint.tensors().values()) {
        ByteBuffer bytes = ByteBuffer.allocate((int) entry.byteSize());
        checkpoint.read(entry.name(), bytes);
        tensors.put(entry.name(), new Stored(entry.dtype(), entry, bytes.array()));
      }
    }
    return tensors;
  }

  public static void rename(Map<String, Stored> tensors, String from, String to) {
    tensors.put(to, Objects.requireNonNull(tensors.remove(from), from));
  }

  static Path write(Path file, Map<String, Stored> tensors) throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    tensors.forEach(
        (name, tensor) -> specs.add(new TensorSpec(name, tensor.dtype, tensor.entry.shape())));
    try (var writer = TorchWriter.createUnder("model", file, specs)) {
      for (Map.Entry<String, Stored> each : tensors.entrySet()) {
        writer.write(each.getKey(), ByteBuffer.wrap(each.getValue().bytes));
      }
    }
    return file;
  }

  /** A folder's weights as {@code pytorch_model.bin} in two shards behind an index. */
  public static void shardTorch(Path folder) throws IOException {
    Map<String, Stored> tensors = read(folder);
    List<String> names = List.copyOf(tensors.keySet());
    Function<Integer, String> file = shard -> "pytorch_model-0000" + shard + "-of-00002.bin";
    List<String> places = new ArrayList<>();
    for (int shard = 1; shard <= 2; shard++) {
      int half = names.size() / 2;
      var own = shard == 1 ? names.subList(0, half) : names.subList(half, names.size());
      Map<String, Stored> part = new TreeMap<>(tensors);
      part.keySet().retainAll(own);
      List<TensorSpec> specs = new ArrayList<>();
      part.forEach(
          (name, tensor) -> specs.add(new TensorSpec(name, tensor.dtype, tensor.entry.shape())));
      try (var writer = TorchWriter.create(folder.resolve(file.apply(shard)), specs)) {
        for (Map.Entry<String, Stored> each : part.entrySet()) {
          writer.write(each.getKey(), ByteBuffer.wrap(each.getValue().bytes));
        }
      }
      for (String name : own) {
        places.add(String.format(Locale.ROOT, "\"%s\": \"%s\"", name, file.apply(shard)));
      }
    }
    Files.writeString(
        folder.resolve("pytorch_model.bin.index.json"),
        "{\"metadata\": {}, \"weight_map\": {" + String.join(", ", places) + "}}");
    try (var safetensors = Files.newDirectoryStream(folder, "*.safetensors*")) {
      for (Path each : safetensors) {
        Files.delete(each);
      }
    }
  }

  /** As LAVIS stores what ran in half precision. */
  public static Map<String, Stored> inHalf(Map<String, Stored> tensors) {
    tensors.replaceAll(
        (name, tensor) -> {
          ByteBuffer floats = ByteBuffer.wrap(tensor.bytes).order(ByteOrder.LITTLE_ENDIAN);
          ByteBuffer halves =
              ByteBuffer.allocate(tensor.bytes.length / 2).order(ByteOrder.LITTLE_ENDIAN);
          while (floats.hasRemaining()) {
            halves.putShort(half(floats.getFloat()));
          }
          return new Stored(DType.FLOAT16, tensor.entry, halves.array());
        });
    return tensors;
  }

  /** Rounded half up; of numbers far from the ends of the range, and zero for the smallest. */
  private static short half(float value) {
    int bits = Float.floatToIntBits(value) + (1 << 12);
    int exponent = ((bits >> 23) & 0xFF) - 127 + 15;
    int sign = (bits >> 16) & 0x8000;
    return (short) (exponent <= 0 ? sign : sign | (exponent << 10) | ((bits >> 13) & 0x3FF));
  }
}
