package io.github.blip2j.blip2.checkpoint.lavis;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.Attention.InputBias;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.BertModel;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionTransformerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.NavigableMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One set of weights, in the two spellings. */
final class LavisNamesTest {
  private static final Path LAVIS = Fixtures.own("lavis-stage1").resolve("checkpoint.pth");

  @TempDir private Path folder;
  private final Scope home = Scope.detached();

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void everyTensor_ofBothSpellings_isReadAsTheSameParameter() throws IOException {
    Conversion.toHuggingFace(LAVIS, folder);
    ConfigJson config = ConfigJson.read(folder.resolve("config.json"));
    var vision = (VisionTransformerConfig) VisionConfig.fromJson(config.child("vision_config"));
    BertConfig bert = BertConfig.fromJson(config.child("qformer_config"), vision.dim());
    VisionConfig keyless = vision.withInputBias(InputBias.QUERY_AND_VALUE);

    NavigableMap<String, Parameter> lavis;
    NavigableMap<String, Parameter> huggingFace;
    try (Checkpoint file = Checkpoint.open(LAVIS)) {
      var weights = new CheckpointWeights("lavis", file, LavisNames.retrieval(keyless));
      lavis = parameters(weights, keyless, bert);
    }
    try (Checkpoint rest = Checkpoint.open(folder.resolve(RetrievalLoader.LAVIS_ONLY));
        Checkpoint both = rest.over(Checkpoint.open(folder))) {
      var weights = new CheckpointWeights("both", both, HuggingFaceNames.retrieval(vision));
      huggingFace = parameters(weights, vision, bert);
    }

    for (String name : huggingFace.keySet()) {
      double[] values = huggingFace.get(name).value().toDoubles();
      if (name.endsWith("attention.key.bias") && name.startsWith("vision")) {
        assertArrayEquals(new double[vision.dim()], values, name);
      } else {
        assertArrayEquals(requireNonNull(lavis.get(name)).value().toDoubles(), values, name);
      }
    }
    assertEquals(lavis.size() + vision.layers(), huggingFace.size());
    assertTrue(lavis.containsKey("temperature") && lavis.containsKey("head.bias"));
  }

  /** The parameters of a first stage; strict, so that every tensor of the file is one of them. */
  private NavigableMap<String, Parameter> parameters(
      Weights weights, VisionConfig vision, BertConfig bert) throws IOException {
    Params params = Params.root(weights, home);
    int dim = bert.dim();
    vision.build(params.at("vision"));
    new LayerNorm(vision.dim(), 1e-5, params.at("visionNorm"));
    params.get("queries", Shape.of(1, 6, dim), Init.zeros());
    new BertModel(bert, params.at("qformer"));
    new Linear(dim, dim, params.at("head").at("transform"));
    new LayerNorm(dim, 1e-12, params.at("head").at("norm"));
    params.at("head").get("bias", Shape.of(bert.vocabSize()), Init.zeros());
    new Linear(dim, 16, params.at("visionProjection"));
    new Linear(dim, 16, params.at("textProjection"));
    new Linear(dim, 2, params.at("matching"));
    params.get("temperature", Shape.of(), Init.zeros());
    params.finish();
    return params.all();
  }
}
