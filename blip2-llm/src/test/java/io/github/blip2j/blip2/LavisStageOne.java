package io.github.blip2j.blip2;

import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.lavis.LavisNames;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.qformer.objective.Negatives;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;

/** A golden folder made by LAVIS: the model, a batch, and what LAVIS computed of them. */
public record LavisStageOne(Blip2RetrievalModel model, Golden golden, ConfigJson json) {
  private static final int PAD = 0;

  public static List<Path> folders() {
    return Fixtures.folders("LAVIS", folder -> Files.exists(folder.resolve("model.json")));
  }

  static LavisStageOne open(Path folder, Golden golden, Scope home) throws IOException {
    return new LavisStageOne(
        RetrievalLoader.load(folder, home),
        golden,
        ConfigJson.read(folder.resolve("expected.json")));
  }

  /** What LAVIS tokenised, padded as it was. */
  TextBatch texts() {
    long[] ids = golden.get("text.input_ids").toLongs();
    long[] mask = golden.get("text.attention_mask").toLongs();
    int T = Math.toIntExact(golden.get("text.input_ids").dim(1));
    List<int[]> rows = new ArrayList<>();
    for (int from = 0; from < ids.length; from += T) {
      int length = (int) Arrays.stream(mask, from, from + T).sum();
      rows.add(Arrays.stream(ids, from, from + length).mapToInt(id -> (int) id).toArray());
    }
    return TextBatch.of(rows, PAD, T);
  }

  Tensor pixels() {
    return golden.get("pixel_values");
  }

  static Negatives negatives(ConfigJson step) throws IOException {
    return Negatives.of(
        step.intsAt("negative_image_for_text"), step.intsAt("negative_text_for_image"));
  }

  /** Every trained parameter with the name that LAVIS gives it. */
  void trained(BiConsumer<String, Parameter> body) {
    KeyMap keys = LavisNames.retrieval(model.config().vision());
    model
        .parameters()
        .forEach(
            (name, parameter) -> {
              if (parameter.isTrained()) {
                body.accept(keys.toStored(name).name(), parameter);
              }
            });
  }
}
