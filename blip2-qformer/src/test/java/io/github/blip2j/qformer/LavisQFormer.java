package io.github.blip2j.qformer;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.file.Path;

/** LAVIS's stage-1 Q-Former without its vision transformer and projections. */
final class LavisQFormer {
  private static final int QUERIES = 6;

  final BertLMHeadModel model;
  final Linear matchHead;
  private final Parameter queryTokens;

  private LavisQFormer(BertConfig config, Params params) {
    this.queryTokens = params.get("queryTokens", Shape.of(1, QUERIES, config.dim()), Init.normal());
    this.model = new BertLMHeadModel(config, params.at("qformer"));
    this.matchHead = new Linear(config.dim(), 2, params.at("matchHead"));
  }

  static LavisQFormer load(Path folder, Scope home) throws IOException {
    ConfigJson json = ConfigJson.read(folder.resolve("config.json"));
    BertConfig config = BertConfig.fromJson(json, json.intAt("encoder_hidden_size"));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Params params =
          Params.root(
              new CheckpointWeights(folder.toString(), checkpoint, LavisNames.keys()), home);
      LavisQFormer built = new LavisQFormer(config, params);
      params.finish();
      return built;
    }
  }

  int queryCount() {
    return QUERIES;
  }

  /** The learned queries, [B, Q, C]. */
  Tensor queries(long batch) {
    Tensor tokens = queryTokens.value();
    return tokens.expand(batch, tokens.dim(1), tokens.dim(2));
  }
}
