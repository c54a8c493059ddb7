package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.checkpoint.lavis.LavisNames;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.vision.LavisEncoder;
import io.github.blip2j.vision.VisionConfig;
import java.util.List;

/** LAVIS's names for the parameters that an export of either stage writes. */
final class LavisExportNames {
  private final boolean lacksKeyBias;
  private final KeyMap keys;

  private LavisExportNames(VisionConfig vision, KeyMap keys) {
    this.lacksKeyBias = vision.family().lavis().map(LavisEncoder::lacksKeyBias).orElse(false);
    this.keys = keys;
  }

  /** The names of a model of the first stage. */
  static LavisExportNames of(Blip2RetrievalConfig config) {
    VisionConfig vision = config.vision();
    return new LavisExportNames(vision, LavisNames.trained(vision, null));
  }

  /** The names of a model of the second stage, without its language model. */
  static LavisExportNames of(Blip2Config config) {
    VisionConfig vision = config.vision();
    return new LavisExportNames(vision, LavisNames.trained(vision, config.text().family()));
  }

  /** Whether a parameter is a key bias of zeros. It changes no softmax, and LAVIS has none. */
  boolean isIdle(Parameter parameter) {
    return isKeyBias(parameter.name()) && parameter.value().squaredNorm() == 0;
  }

  /** The name of a parameter. */
  KeyMap.Key toLavis(String name) {
    return isKeyBias(name)
        ? LavisNames.keyBias(keys.toStored(name.replace(".key.", ".query.")))
        : keys.toStored(name);
  }

  /** Further names under which LAVIS's modules hold the same tensor, so that they load strictly. */
  List<KeyMap.Key> copies(String name) {
    List<KeyMap.Key> all = keys.candidates(name);
    return all.subList(1, all.size());
  }

  private boolean isKeyBias(String name) {
    return lacksKeyBias && name.startsWith("vision.") && name.endsWith(".key.bias");
  }
}
