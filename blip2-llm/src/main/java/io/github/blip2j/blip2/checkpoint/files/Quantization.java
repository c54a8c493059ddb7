package io.github.blip2j.blip2.checkpoint.files;

import com.google.gson.JsonObject;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The check for checkpoints that a Python library has quantised. Of their formats those of
 * compressed-tensors with a byte for each weight are read ({@link
 * io.github.blip2j.io.tensor.DequantizedFile}); {@link
 * io.github.blip2j.tensor.types.Precision#INT8} quantises while loading.
 */
public final class Quantization {
  private static final List<String> KEYS = List.of("quantization_config", "compression_config");

  /** Formats of compressed-tensors with a byte for each weight, in {@code weight}. */
  private static final Set<String> READ =
      Set.of("int-quantized", "float-quantized", "naive-quantized");

  /** Endings of the tensor names of each library, for checkpoints without a configuration. */
  private static final Map<String, String> ENDS =
      Map.of(
          ".SCB", "bitsandbytes (8 bits)",
          ".absmax", "bitsandbytes (4 bits)",
          ".quant_map", "bitsandbytes (4 bits)",
          ".qweight", "GPTQ or AWQ",
          ".qzeros", "GPTQ or AWQ",
          ".weight_packed", "compressed-tensors");

  /** Configurations within a model's. */
  private static final List<String> PARTS =
      List.of("text_config", "vision_config", "qformer_config");

  private Quantization() {}

  /**
   * Removes from a {@code config.json} what it tells of quantisation, for weights that are written
   * as they read, in float32.
   *
   * @return whether there was anything
   */
  public static boolean forget(JsonObject config) {
    boolean told = false;
    for (String key : KEYS) {
      told |= config.remove(key) != null;
    }
    for (String part : PARTS) {
      if (config.get(part) instanceof JsonObject object) {
        told |= forget(object);
      }
    }
    return told;
  }

  /**
   * Checks that a {@code config.json} tells of no quantisation, or of one that is read.
   *
   * @throws CheckpointException naming the library
   */
  public static void requireNone(ConfigJson json) throws CheckpointException {
    requireNoneHere(json);
    for (String part : PARTS) {
      if (json.hasChild(part)) {
        requireNoneHere(json.child(part));
      }
    }
  }

  private static void requireNoneHere(ConfigJson json) throws CheckpointException {
    for (String key : KEYS) {
      if (json.hasChild(key)) {
        ConfigJson told = json.child(key);
        String method = told.stringAt("quant_method", "");
        boolean eight = told.booleanAt("load_in_8bit", false);
        boolean four = told.booleanAt("load_in_4bit", false);
        boolean ofBits = told.has("load_in_8bit") || told.has("load_in_4bit");
        if (ofBits && !eight && !four) {
          continue; // bitsandbytes, switched off
        }
        if (method.equals("compressed-tensors") && READ.contains(told.stringAt("format", ""))) {
          continue;
        }
        String library = method.isEmpty() && ofBits ? "bitsandbytes" : method;
        String bits = eight ? " (8 bits)" : four ? " (4 bits)" : "";
        throw refused(json.toString(), (library.isEmpty() ? key : library) + bits);
      }
    }
  }

  /**
   * Checks the names of tensors.
   *
   * @throws CheckpointException naming the library
   */
  public static void requireNone(Path where, Checkpoint checkpoint) throws CheckpointException {
    for (String name : checkpoint.tensors().keySet()) {
      String end = name.substring(Math.max(0, name.lastIndexOf('.')));
      if (ENDS.containsKey(end)) {
        throw refused(where.toString(), ENDS.get(end));
      }
    }
  }

  private static CheckpointException refused(String where, String library) {
    return new CheckpointException(
        String.format(
            Locale.ROOT,
            "%s: weights expected in floating point, got quantised by %s; take the float16 or"
                + " float32 checkpoint, with --dtype int8 (Precision.INT8) for as little memory",
            where,
            library));
  }
}
