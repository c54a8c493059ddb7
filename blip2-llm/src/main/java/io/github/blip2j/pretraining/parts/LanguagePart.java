package io.github.blip2j.pretraining.parts;

import com.google.gson.JsonObject;
import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.model.LanguageFamilies;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.WrapperNames;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.DecoderModel;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.NavigableMap;

/** A decoder such as an OPT in training, from a folder in the layout of transformers. */
public final class LanguagePart {
  static final String PATH = "language";

  private final Path folder;
  private final LanguageConfig config;
  private final DecoderModel model;
  private final KeyMap names;
  private final NavigableMap<String, Parameter> parameters;

  private LanguagePart(
      Path folder,
      LanguageConfig config,
      DecoderModel model,
      KeyMap names,
      NavigableMap<String, Parameter> parameters) {
    this.folder = folder;
    this.config = config;
    this.model = model;
    this.names = names;
    this.parameters = parameters;
  }

  /**
   * Loads a decoder from a folder, such as one of {@link DrawnPart}; all its parameters are
   * trained.
   *
   * @param home the scope of the parameters
   * @throws CheckpointException if the folder has no decoder of a known family
   */
  public static LanguagePart load(Path folder, Scope home) throws IOException {
    LoraAdapter.requireNone(folder, "language model");
    ConfigJson json = ConfigJson.read(folder.resolve("config.json"));
    String type = json.stringAt("model_type", "nothing");
    var family =
        LanguageFamilies.installed().require(json + ": model_type of a language model", type);
    if (family.encodes()) {
      throw new CheckpointException(
          json
              + ": language model expected to be a decoder, got "
              + type
              + ", which has an encoder");
    }
    LanguageConfig config = family.config(json);
    KeyMap.Builder keys = KeyMap.builder();
    config.addNames(keys, PATH + ".", "");
    KeyMap names = keys.build();
    try (Checkpoint stored = WrapperNames.open(folder)) {
      var weights = new CheckpointWeights(folder.toString(), stored, names);
      Params params = Params.root(weights, home);
      if (!(config.build(params.at(PATH)) instanceof DecoderModel model)) {
        throw new CheckpointException(json + ": language model expected to be a DecoderModel");
      }
      params.finish();
      params.all().values().forEach(Parameter::train);
      return new LanguagePart(folder, config, model, names, params.all());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** The sizes. */
  public LanguageConfig config() {
    return config;
  }

  /** The model. */
  public DecoderModel model() {
    return model;
  }

  /** All parameters by name. */
  public NavigableMap<String, Parameter> parameters() {
    return parameters;
  }

  /** Opens the tokenizer, which the caller closes. */
  public HuggingFaceTokenizer openTokenizer() throws IOException {
    return HuggingFaceTokenizer.open(folder);
  }

  /**
   * Writes the model with its config and tokenizer; {@code train stage2 --language} reads it.
   *
   * @param target is created if there is none
   */
  public void export(Path target) throws IOException {
    JsonObject json = PartFolder.json(folder.resolve("config.json"));
    PartFolder.write(target, json, names, parameters, folder);
  }
}
