package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.checkpoint.lavis.RetrievalNames;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.nn.Attention.InputBias;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamily;

/** LAVIS's names for the parameters that the second stage trains. */
final class StageTwoNames {
  private final boolean eva;
  private final String projection;
  private final KeyMap keys;

  StageTwoNames(Blip2Config config) {
    VisionConfig vision = config.vision();
    this.eva = vision.family() == VisionFamily.EVA;
    this.projection = config.text().kind() + "_proj";
    this.keys =
        RetrievalNames.lavis(eva ? vision.withInputBias(InputBias.QUERY_AND_VALUE) : vision);
  }

  /** A bias of keys changes no softmax; LAVIS has none. */
  boolean isIdle(Parameter parameter) {
    return isKeyBias(parameter.name()) && parameter.value().squaredNorm() == 0;
  }

  KeyMap.Key toLavis(String name) {
    if (name.startsWith("projection.")) {
      return whole(name.replaceFirst("projection", projection));
    }
    if (isKeyBias(name)) {
      String query = keys.toStored(name.replace(".key.", ".query.")).name();
      return whole(query.replace(".q_bias", ".k_bias"));
    }
    return keys.toStored(name.equals("queryTokens") ? "queries" : name);
  }

  private boolean isKeyBias(String name) {
    return eva && name.startsWith("vision.") && name.endsWith(".key.bias");
  }

  private static KeyMap.Key whole(String name) {
    return new KeyMap.Key(name, 0, 1);
  }
}
