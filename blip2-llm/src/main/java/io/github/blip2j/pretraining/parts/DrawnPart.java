package io.github.blip2j.pretraining.parts;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.model.LanguageFamilies;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.pretraining.InitializerRange;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.BertLMHeadModel;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamilies;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Folders of parts with drawn weights, from which training from nothing begins. Each has the layout
 * of transformers, so {@code train} reads it as it reads a pretrained one: matrices and embeddings
 * are drawn from a normal distribution with the deviation of {@link InitializerRange}, biases are 0
 * and norms 1.
 *
 * @param config a {@code config.json} of transformers; its {@code model_type} names the family
 * @param seed of the weights
 */
public record DrawnPart(Path config, long seed) {
  /**
   * Writes a vision encoder of a family with names of transformers, such as {@code
   * blip_2_vision_model} or {@code siglip_vision_model}.
   *
   * @param folder is created if there is none
   * @throws CheckpointException if the config is of another kind, or the folder has a model
   */
  public void vision(Path folder) throws IOException {
    PartFolder.requireFree(folder);
    ConfigJson json = ConfigJson.read(config);
    VisionConfig sizes = VisionFamilies.installed().readModel(json);
    KeyMap names = VisionPart.names(sizes);
    try (Scope home = Scope.detached()) {
      Params params = Params.root(weights(json), home);
      sizes.build(params.at(VisionPart.PATH));
      PartFolder.write(folder, sizes.toJson(), names, params.all(), null);
    }
  }

  /**
   * Writes a plain BERT with its language-model head. Its vocabulary is the tokenizer's.
   *
   * @param tokenizer the folder of the tokenizer, which is copied
   * @param folder is created if there is none
   * @throws CheckpointException if the config is of another kind, or the folder has a model
   */
  public void bert(Path tokenizer, Path folder) throws IOException {
    PartFolder.requireFree(folder);
    JsonObject json = sized(tokenizer);
    ConfigJson read = ConfigJson.parse(config.toString(), json.toString());
    var sizes = BertConfig.fromPlainJson(read);
    try (Scope home = Scope.detached()) {
      Params params = Params.root(weights(read), home);
      var unused = new BertLMHeadModel(sizes, params);
      PartFolder.write(folder, json, BertLMHeadModel.huggingFaceNames(), params.all(), tokenizer);
    }
  }

  /**
   * Writes a language model of any family, such as {@code opt}. Its vocabulary is the tokenizer's.
   *
   * @param tokenizer the folder of the tokenizer, which is copied
   * @param folder is created if there is none
   * @throws CheckpointException if the config is of another kind, or the folder has a model
   */
  public void language(Path tokenizer, Path folder) throws IOException {
    PartFolder.requireFree(folder);
    JsonObject json = sized(tokenizer);
    ConfigJson read = ConfigJson.parse(config.toString(), json.toString());
    String type = read.stringAt("model_type", "nothing");
    LanguageFamily family =
        LanguageFamilies.installed().require(read + ": model_type of a language model", type);
    LanguageConfig sizes = family.config(read);
    KeyMap.Builder names = KeyMap.builder();
    sizes.addNames(names, LanguagePart.PATH + ".", "");
    try (Scope home = Scope.detached()) {
      Params params = Params.root(weights(read), home);
      sizes.build(params.at(LanguagePart.PATH));
      PartFolder.write(folder, json, names.build(), params.all(), tokenizer);
    }
  }

  private Weights weights(ConfigJson from) throws CheckpointException {
    return Weights.random(new SplittableRandom(seed), InitializerRange.of(from));
  }

  /** The config with the tokenizer's vocabulary. */
  private JsonObject sized(Path tokenizer) throws IOException {
    JsonObject json = PartFolder.json(config);
    try (var words = HuggingFaceTokenizer.open(tokenizer)) {
      int size = words.vocabSize();
      ConfigJson told = ConfigJson.parse(config.toString(), json.toString());
      int stated = told.sizeAt("vocab_size", size);
      if (stated < size) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: vocab_size expected at least the tokenizer's %d, got %d; leave it out",
                config,
                size,
                stated));
      }
      json.addProperty("vocab_size", stated);
    }
    return json;
  }
}
