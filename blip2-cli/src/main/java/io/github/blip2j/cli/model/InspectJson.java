package io.github.blip2j.cli.model;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.checkpoint.Inspection;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSummary;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The result of {@code blip2 inspect} as one JSON document. */
final class InspectJson {
  private static final Gson GSON = new Gson();

  private InspectJson() {}

  static void print(Console console, Inspection inspection, Map<String, TensorSummary> sums)
      throws IOException {
    var document = new JsonObject();
    document.addProperty("path", inspection.path().toString());
    document.addProperty("kind", inspection.kind());
    var loaders = new JsonArray();
    inspection.uses().forEach(use -> loaders.add(loader(use)));
    document.add("loaded_by", loaders);
    document.add("metadata", GSON.toJsonTree(inspection.checkpoint().metadata()));
    document.add("passed_over", GSON.toJsonTree(inspection.checkpoint().passedOver()));
    var tensors = new JsonArray();
    for (TensorEntry tensor : inspection.checkpoint().tensors().values()) {
      String type = inspection.checkpoint().storedType(tensor.name());
      tensors.add(tensor(tensor, type, sums.get(tensor.name())));
    }
    document.add("tensors", tensors);
    JsonReport.print(console, document);
  }

  private static JsonObject loader(Inspection.Use use) {
    var loader = new JsonObject();
    loader.addProperty("class", use.name());
    loader.add("commands", GSON.toJsonTree(use.commands()));
    loader.addProperty("loads", use.loads());
    loader.add("missing", GSON.toJsonTree(use.missing()));
    loader.add("misshapen", GSON.toJsonTree(use.misshapen()));
    loader.add("surplus", GSON.toJsonTree(use.surplus()));
    loader.addProperty("refusal", use.refusal().isEmpty() ? null : use.refusal());
    return loader;
  }

  private static JsonObject tensor(
      TensorEntry entry, String type, @Nullable TensorSummary summary) {
    var tensor = new JsonObject();
    tensor.addProperty("name", entry.name());
    tensor.addProperty("dtype", type);
    tensor.add("shape", GSON.toJsonTree(entry.shape().toArray()));
    tensor.addProperty("file", entry.fileName());
    if (summary != null) {
      tensor.add("sum", JsonReport.numberOfFile(summary.sum()));
      tensor.add("min", JsonReport.numberOfFile(summary.min()));
      tensor.add("max", JsonReport.numberOfFile(summary.max()));
      tensor.addProperty("nans", summary.nans());
    }
    return tensor;
  }
}
