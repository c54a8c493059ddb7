package io.github.blip2j.blip2.checkpoint.files;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.ShardedSafetensorsWriter;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.torch.TorchWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Takes the language model out of a small BLIP-2, as a folder of its own. */
public final class PlainLanguage {
  private static final String PREFIX = "language_model.";
  private static final long SHARD_BYTES = 200_000;

  private PlainLanguage() {}

  /** The folder, with shards of safetensors. */
  public static Path write(Path blip2, Path folder) throws IOException {
    return write(blip2, folder, false, name -> name);
  }

  /**
   * The folder, with shards of safetensors or one file of PyTorch.
   *
   * @param names from those that a plain model has to those in the files
   */
  public static Path write(Path blip2, Path folder, boolean torch, UnaryOperator<String> names)
      throws IOException {
    Files.createDirectories(folder);
    JsonObject config =
        JsonParser.parseString(Files.readString(blip2.resolve("config.json"))).getAsJsonObject();
    Files.writeString(
        folder.resolve("config.json"), config.getAsJsonObject("text_config").toString());
    TokenizerCopy.copy(blip2, folder);
    try (Checkpoint from = Checkpoint.open(blip2)) {
      List<TensorCopy> copies = new ArrayList<>();
      for (TensorEntry entry : from.tensors().values()) {
        if (entry.name().startsWith(PREFIX)) {
          String plain = entry.name().substring(PREFIX.length());
          copies.add(TensorCopy.whole(names.apply(plain), entry));
        }
      }
      write(from, copies, folder, torch);
    }
    return folder;
  }

  private static void write(Checkpoint from, List<TensorCopy> copies, Path folder, boolean torch)
      throws IOException {
    var specs = copies.stream().map(TensorCopy::spec).toList();
    if (torch) {
      try (var writer = TorchWriter.create(folder.resolve("pytorch_model.bin"), specs)) {
        copy(from, copies, writer::write);
      }
    } else {
      try (var writer = ShardedSafetensorsWriter.create(folder, specs, SHARD_BYTES)) {
        copy(from, copies, writer::write);
      }
    }
  }

  private static void copy(Checkpoint from, List<TensorCopy> copies, TensorCopy.Sink to)
      throws IOException {
    for (TensorCopy each : copies) {
      each.write(from, to);
    }
  }
}
