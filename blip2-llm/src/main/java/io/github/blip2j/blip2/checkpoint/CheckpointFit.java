package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.Inspection.Use;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.files.Quantization;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Folder;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.hf.LanguageFolder;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.checkpoint.lavis.LavisNames;
import io.github.blip2j.blip2.checkpoint.lavis.VisionEncoderSource;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.LanguageFamilies;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.qformer.BertLMHeadModel;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamilies;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;

/** The check which loaders of this library would load a checkpoint, by names and shapes only. */
final class CheckpointFit {
  private final Path path;

  CheckpointFit(Path path) {
    this.path = path;
  }

  /** An attempt to build a model on stored weights. */
  @FunctionalInterface
  private interface Attempt {
    Params.Fit run(Scope memory) throws IOException;
  }

  /** The stage of LAVIS's training to which tensors of these names belong, if any. */
  static Optional<String> lavisKind(NavigableSet<String> names) {
    return LavisNames.isLavis(names)
        ? Optional.of(
            "LAVIS checkpoint of the "
                + (LavisNames.isSecondStage(names) ? "second" : "first")
                + " stage")
        : Optional.empty();
  }

  /** The loaders for checkpoints of this kind, and whether they would load this one. */
  List<Use> uses(NavigableSet<String> names) throws IOException {
    if (Files.isRegularFile(path.resolve("config.json"))) {
      return folderUses(ConfigJson.read(path.resolve("config.json")));
    }
    if (Files.isDirectory(path) && LoraAdapter.isIn(path)) {
      return List.of(adapter());
    }
    if (lavisKind(names).isEmpty()) {
      return List.of();
    }
    return List.of(LavisNames.isSecondStage(names) ? lavisBlip2() : matcher());
  }

  private List<Use> folderUses(ConfigJson json) throws CheckpointException {
    List<String> named = json.has("architectures") ? json.stringsAt("architectures") : List.of();
    String type = json.stringAt("model_type", "");
    if (named.stream().anyMatch(name -> name.endsWith("ImageTextRetrieval"))) {
      return List.of(matcher());
    }
    boolean whole =
        json.has("qformer_config") || type.equals("blip-2") || type.equals("instructblip");
    if (!whole && VisionFamilies.installed().find(type).isPresent()) {
      return List.of(vision());
    }
    if (whole || type.startsWith("blip")) {
      return List.of(blip2());
    }
    if (type.equals("bert")) {
      return List.of(bert());
    }
    return LanguageFamilies.installed().find(type).isPresent() ? List.of(language()) : List.of();
  }

  private Use blip2() {
    return use(
        "Blip2",
        List.of("caption", "vqa", "rank", "embed", "train stage2 --model"),
        memory -> {
          Blip2Folder source = Blip2Folder.of(path);
          try (OpenWeights open = source.open()) {
            Params params = Params.checking(open.weights(), memory);
            new Blip2Model(source.config(), params);
            source.tokenizer().close();
            source.processor();
            return params.fit().spelledBy(HuggingFaceNames.blip2(source.config()));
          }
        });
  }

  private Use lavisBlip2() {
    return Use.refused(
        "Blip2",
        List.of("caption --language", "vqa --language", "train stage2", "convert"),
        path
            + ": holds the trained part only; name the language model (--language) and the vision"
            + " encoder (--vision) that it was trained with");
  }

  private Use adapter() {
    return Use.refused(
        "Blip2",
        List.of("caption --adapter", "vqa --adapter"),
        path + ": holds only an adapter; name its base as the model (--model)");
  }

  private Use matcher() {
    return use(
        "ImageTextMatcher",
        List.of("match", "embed", "evaluate retrieval", "train stage2 --stage1"),
        memory -> RetrievalLoader.fit(path, memory));
  }

  private Use bert() {
    return use(
        "BertLMHeadModel",
        List.of("train stage1 --bert"),
        memory -> {
          LoraAdapter.requireNone(path, "BERT");
          Quantization.requireNone(ConfigJson.read(path.resolve("config.json")));
          return BertLMHeadModel.fit(path, memory);
        });
  }

  private Use vision() {
    return use(
        "VisionEncoder",
        List.of("train stage1 --vision"),
        memory -> {
          try (var source = VisionEncoderSource.open(path, VisionFamilies.installed())) {
            VisionConfig config = source.config();
            Params params = Params.checking(source.weights(config), memory);
            config.build(params.at(VisionEncoderSource.PATH));
            return params.fit().spelledBy(source.keys(config));
          }
        });
  }

  private Use language() {
    return use(
        "LanguageModel",
        List.of("train stage2 --language", "caption --language"),
        memory -> {
          try (LanguageFolder folder = LanguageFolder.open(path, LanguageFamilies.installed())) {
            LanguageConfig config = folder.family().config(ModelFolder.config(path));
            KeyMap keys = HuggingFaceNames.language(config);
            var stored = new CheckpointWeights(path.toString(), folder.checkpoint(), keys);
            Params params = Params.checking(stored, memory);
            config.build(params.at("language"));
            folder.tokenizer().close();
            return params.fit().spelledBy(keys);
          }
        });
  }

  private static Use use(String name, List<String> commands, Attempt attempt) {
    try (Scope memory = Scope.detached();
        Scope work = Scope.open()) {
      Params.Fit fit = attempt.run(memory);
      return Use.of(name, commands, fit);
    } catch (UncheckedIOException e) {
      return refused(name, commands, Objects.requireNonNull(e.getCause()));
    } catch (IOException | IllegalArgumentException e) {
      return refused(name, commands, e);
    }
  }

  private static Use refused(String name, List<String> commands, Exception why) {
    return Use.refused(name, commands, String.valueOf(why.getMessage()));
  }
}
