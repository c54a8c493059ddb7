package io.github.blip2j.adapter;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.LowRankUpdate;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The two files of an adapter, as peft 0.21 writes them. */
final class LoraFiles {
  private static final String ROOT = "base_model.model.";

  private LoraFiles() {}

  /** Writes the settings last: a folder without them is no adapter. */
  static void write(Path folder, String base, LoraLayers lora) throws IOException {
    OutputFile.makeFolder(folder);
    NavigableMap<String, Parameter> factors = factors(lora);
    List<TensorSpec> specs = new ArrayList<>();
    factors.forEach(
        (name, factor) -> specs.add(new TensorSpec(name, DType.FLOAT32, factor.value().shape())));
    Files.deleteIfExists(folder.resolve(LoraAdapter.CONFIG));
    try (var writer =
        SafetensorsWriter.create(
            folder.resolve(LoraAdapter.SAFETENSORS), specs, SafetensorsWriter.PYTORCH_METADATA)) {
      for (Map.Entry<String, Parameter> factor : factors.entrySet()) {
        try (Scope scope = Scope.open()) {
          factor.getValue().value().detach().write(bytes -> writer.write(factor.getKey(), bytes));
        }
      }
    }
    OutputFile.write(
        folder.resolve(LoraAdapter.CONFIG),
        new GsonBuilder()
                .setPrettyPrinting()
                .serializeNulls()
                .create()
                .toJson(config(base, lora.settings()))
            + "\n");
  }

  /** The factors by their names in the file. */
  private static NavigableMap<String, Parameter> factors(LoraLayers lora) {
    NavigableMap<String, Parameter> factors = new TreeMap<>();
    lora.adapted()
        .forEach(
            (module, weight) -> {
              @Nullable LowRankUpdate update = weight.update();
              if (update != null) {
                factors.put(ROOT + module + ".lora_A.weight", update.a());
                factors.put(ROOT + module + ".lora_B.weight", update.b());
              }
            });
    return factors;
  }

  /** The {@link LoraAdapter#identity} of the file that {@link #write} writes. */
  static String identity(LoraLayers lora) throws IOException {
    var identity = new AdapterIdentity();
    for (Map.Entry<String, Parameter> factor : factors(lora).entrySet()) {
      identity.name(factor.getKey());
      try (Scope scope = Scope.open()) {
        factor.getValue().value().detach().write(identity::bytes);
      }
    }
    return identity.hex();
  }

  private static JsonObject config(String base, LoraSettings settings) {
    var json = new JsonObject();
    json.add("alpha_pattern", new JsonObject());
    json.add("auto_mapping", JsonNull.INSTANCE);
    json.addProperty("base_model_name_or_path", base);
    json.addProperty("bias", "none");
    json.addProperty("fan_in_fan_out", false);
    json.addProperty("inference_mode", true);
    json.addProperty("init_lora_weights", true);
    double alpha = settings.alpha();
    json.addProperty(
        "lora_alpha", alpha == Math.rint(alpha) ? (Number) (long) alpha : (Number) alpha);
    json.addProperty("lora_bias", false);
    json.addProperty("lora_dropout", settings.dropout());
    json.add("modules_to_save", JsonNull.INSTANCE);
    json.addProperty("peft_type", "LORA");
    json.addProperty("r", settings.rank());
    json.add("rank_pattern", new JsonObject());
    @Nullable String pattern = settings.pattern();
    if (pattern == null) {
      var targets = new JsonArray();
      settings.targets().forEach(targets::add);
      json.add("target_modules", targets);
    } else {
      json.addProperty("target_modules", pattern);
    }
    json.add("task_type", JsonNull.INSTANCE);
    json.addProperty("use_dora", false);
    json.addProperty("use_rslora", settings.byRoot());
    return json;
  }
}
