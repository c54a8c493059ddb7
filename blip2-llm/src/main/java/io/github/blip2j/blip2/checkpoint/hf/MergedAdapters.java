package io.github.blip2j.blip2.checkpoint.hf;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The adapters that were merged into a folder's weights, by their {@link LoraAdapter#identity}, in
 * its {@code config.json}. No tensor tells that a product was added to it, so the same adapter
 * could be added again. transformers keeps keys that it does not know.
 */
public final class MergedAdapters {
  private static final String KEY = "blip2j_merged_adapters";
  private static final String CONFIG = "config.json";

  private MergedAdapters() {}

  /**
   * The adapters that a folder tells.
   *
   * @throws CheckpointException if its list holds anything but texts
   */
  public static List<String> in(Path folder) throws IOException {
    Path file = folder.resolve(CONFIG);
    if (!Files.isRegularFile(file)) {
      return List.of();
    }
    ConfigJson json = ConfigJson.read(file);
    return json.has(KEY) ? json.stringsAt(KEY) : List.of();
  }

  /**
   * Adds adapters to the list of a folder that has a {@code config.json}; the others of its keys
   * stay.
   */
  public static void add(Path folder, List<String> adapters) throws IOException {
    List<String> all = new ArrayList<>(in(folder));
    int before = all.size();
    adapters.stream().filter(each -> !all.contains(each)).forEach(all::add);
    if (all.size() == before) {
      return; // the file keeps its bytes
    }
    Path file = folder.resolve(CONFIG);
    JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    var list = new JsonArray();
    all.forEach(list::add);
    json.add(KEY, list);
    OutputFile.write(
        file, new GsonBuilder().setPrettyPrinting().serializeNulls().create().toJson(json) + "\n");
  }

  /**
   * Checks that an adapter is not in a folder's weights already.
   *
   * @param place the folder of the adapter, for the message
   * @throws CheckpointException if it is
   */
  static void requireNew(Path folder, LoraAdapter adapter, Path place) throws IOException {
    List<String> merged = in(folder);
    if (!merged.isEmpty() && merged.contains(adapter.identity())) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: model without the adapter in %s expected, got one that it is merged into (%s of"
                  + " %s); leave the adapter out, or name the model it was trained on",
              folder,
              place,
              KEY,
              CONFIG));
    }
  }
}
