package io.github.blip2j.pretraining.parts;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.checkpoint.files.Descriptions;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.io.ShardedSafetensorsWriter;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.pretraining.ExportTensors;
import io.github.blip2j.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The folder of a part in the layout of transformers: config, weights and tokenizer. */
final class PartFolder {
  private PartFolder() {}

  /**
   * Writes a part; other files of the folder stay.
   *
   * @param folder is created if there is none
   * @param names the stored names of the parameters
   * @param tokenizer the folder whose tokenizer is copied, or null for a part without one
   */
  static void write(
      Path folder,
      JsonObject config,
      KeyMap names,
      Map<String, Parameter> parameters,
      @Nullable Path tokenizer)
      throws IOException {
    OutputFile.makeFolder(folder);
    try (Scope scope = Scope.open();
        var descriptions = Descriptions.of(folder)) {
      String json = new GsonBuilder().setPrettyPrinting().create().toJson(config) + "\n";
      OutputFile.write(descriptions.path().resolve("config.json"), json);
      if (tokenizer != null) {
        TokenizerCopy.copy(tokenizer, descriptions.path());
      }
      var tensors = new ExportTensors();
      parameters.forEach((name, parameter) -> tensors.add(names.toStored(name), parameter));
      try (var writer = ShardedSafetensorsWriter.create(folder, tensors.specs())) {
        tensors.write(writer::write);
        descriptions.begin(false);
      }
      descriptions.end();
    }
  }

  /**
   * The {@code config.json} of a part.
   *
   * @throws CheckpointException if it is none
   */
  static JsonObject json(Path config) throws IOException {
    ConfigJson.read(config); // with its messages
    return JsonParser.parseString(Files.readString(config)).getAsJsonObject();
  }

  /**
   * Checks that a new part would replace nothing.
   *
   * @throws CheckpointException if the folder has a model
   */
  static void requireFree(Path folder) throws CheckpointException {
    if (Files.exists(folder.resolve("config.json"))) {
      throw new CheckpointException(
          folder + ": folder expected without a model, got one with a config.json; name another");
    }
  }
}
