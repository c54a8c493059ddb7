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

/** The part of a {@code Blip2ForImageTextRetrieval} that lies behind its vision transformer. */
final class RetrievalModel {
  final BertModel bert;
  final Linear matchHead;
  final Linear imageProjection;
  final Linear textProjection;
  final int placeholders;
  private final Parameter queryTokens;

  private RetrievalModel(ConfigJson json, Params params) throws IOException {
    BertConfig config =
        BertConfig.fromJson(
            json.childOrEmpty("qformer_config"),
            json.childOrEmpty("vision_config").intAt("hidden_size", 1408));
    int queries = json.intAt("num_query_tokens", 32);
    int shared = json.intAt("image_text_hidden_size", 256);
    this.queryTokens = params.get("queryTokens", Shape.of(1, queries, config.dim()), Init.normal());
    this.bert = new BertModel(config, params.at("qformer"));
    this.matchHead = new Linear(config.dim(), 2, params.at("matchHead"));
    this.imageProjection = new Linear(config.dim(), shared, params.at("imageProjection"));
    this.textProjection = new Linear(config.dim(), shared, params.at("textProjection"));
    // Newer files put a placeholder for each query before the text.
    this.placeholders = json.has("image_token_index") ? queries : 0;
  }

  /** Reads a folder; parameters live in {@code home}. */
  static RetrievalModel load(Path folder, Scope home) throws IOException {
    ConfigJson json = ConfigJson.read(folder.resolve("config.json"));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      var weights = new CheckpointWeights(folder.toString(), checkpoint, RetrievalNames.keys());
      Params params = Params.root(weights, home);
      RetrievalModel model = new RetrievalModel(json, params);
      params.finish();
      return model;
    }
  }

  /** The learned queries, [B, Q, C]. */
  Tensor queries(long batch) {
    Tensor tokens = queryTokens.value();
    return tokens.expand(batch, tokens.dim(1), tokens.dim(2));
  }
}
