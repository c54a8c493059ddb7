package io.github.blip2j.qformer;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.WrapperNames;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;

/** A folder with a plain BERT: {@code config.json} and weights. */
final class BertFolder {
  private BertFolder() {}

  /** How the tensors in a folder fit a model, by names and shapes only. */
  static <M> Params.Fit fit(
      Path folder,
      Scope home,
      Function<Set<String>, KeyMap> names,
      BiFunction<BertConfig, Params, M> model)
      throws IOException {
    BertConfig config = BertConfig.fromPlainJson(ConfigJson.read(folder.resolve("config.json")));
    try (Checkpoint checkpoint = WrapperNames.open(folder)) {
      KeyMap keys = names.apply(checkpoint.tensors().keySet());
      var stored = new CheckpointWeights(folder.toString(), checkpoint, keys);
      Params params = Params.checking(stored, home);
      var unused = model.apply(config, params);
      return params.fit();
    }
  }

  /** Builds a model from a folder, strictly. */
  static <M> M load(
      Path folder,
      Scope home,
      Function<Set<String>, KeyMap> names,
      BiFunction<BertConfig, Params, M> model)
      throws IOException {
    BertConfig config = BertConfig.fromPlainJson(ConfigJson.read(folder.resolve("config.json")));
    try (Checkpoint checkpoint = WrapperNames.open(folder)) {
      KeyMap keys = names.apply(checkpoint.tensors().keySet());
      Params params = Params.root(new CheckpointWeights(folder.toString(), checkpoint, keys), home);
      M built = model.apply(config, params);
      params.finish();
      return built;
    }
  }
}
