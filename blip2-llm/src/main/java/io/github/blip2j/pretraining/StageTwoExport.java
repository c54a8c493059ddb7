package io.github.blip2j.pretraining;

import io.github.blip2j.adapter.LoraLayers;
import io.github.blip2j.blip2.checkpoint.files.Descriptions;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Json;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.hf.LibraryFolder;
import io.github.blip2j.blip2.checkpoint.hf.MergedAdapters;
import io.github.blip2j.blip2.checkpoint.lavis.LavisFile;
import io.github.blip2j.blip2.checkpoint.lavis.ModelJson;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.io.ShardedSafetensorsWriter;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.vision.VisionFamily;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The export of a model of the second stage: for Python as a Hugging Face folder or, of the trained
 * parameters, in LAVIS's format, and with any vision encoder as a folder of this library.
 *
 * <p>Frozen parameters are copied from the files they were loaded from, in their stored type. These
 * files must still be in their place.
 */
public final class StageTwoExport {
  /** The file that {@link #toLavis} writes. */
  public static final String LAVIS_FILE = LavisFile.NAME;

  private final StageTwoModel model;

  /** An export of {@code model}. */
  public StageTwoExport(StageTwoModel model) {
    this.model = model;
  }

  /**
   * Checks that {@link #toHuggingFace} can write this model, before it is trained.
   *
   * @throws CheckpointException if the vision encoder is not EVA's
   */
  public void requireHuggingFace() throws IOException {
    Blip2Json.requireHuggingFace(model.blip2().config().vision());
  }

  /**
   * Writes a Hugging Face folder of {@code Blip2ForConditionalGeneration}, or for an InstructBLIP
   * of {@code InstructBlipForConditionalGeneration}.
   *
   * @param folder is created if there is none
   * @throws CheckpointException if the vision encoder is not EVA's
   */
  public void toHuggingFace(Path folder) throws IOException {
    requireHuggingFace();
    LavisFolder.prepare(folder);
    KeyMap keys = HuggingFaceNames.blip2(model.blip2().config());
    write(folder, model.source()::describe, keys);
  }

  /**
   * Writes a folder of this library's format, which has a place for every vision encoder, for
   * {@code Blip2} and for further training.
   *
   * @param folder is created if there is none
   */
  public void toFolder(Path folder) throws IOException {
    LavisFolder.prepare(folder);
    ImageProcessor processor = model.processor();
    write(
        folder,
        target -> LibraryFolder.write(target, model.source(), processor),
        KeyMap.identity());
  }

  private void write(Path folder, LavisFolder.Description description, KeyMap keys)
      throws IOException {
    try (var descriptions = Descriptions.of(folder);
        OpenWeights open = model.source().open()) {
      description.write(descriptions.path());
      List<String> merged = new ArrayList<>(open.mergedAdapters());
      @Nullable LoraLayers lora = model.lora();
      if (lora != null) {
        merged.add(lora.identity());
      }
      MergedAdapters.add(descriptions.path(), merged);
      var tensors = new ExportTensors(open.weights());
      model
          .parameters()
          .forEach(
              (name, parameter) -> {
                if (!LoraLayers.isFactor(name)) {
                  tensors.add(keys.toStored(name), parameter);
                }
              });
      try (var writer = ShardedSafetensorsWriter.create(folder, tensors.specs())) {
        tensors.write(writer::write);
        descriptions.begin(false);
      }
      descriptions.end();
    }
  }

  /**
   * Checks that {@link #toLavis} can write this model, before it is trained.
   *
   * @throws CheckpointException if LAVIS has no such language model, or the vision encoder is
   *     trained and LAVIS has none of its family
   */
  public void requireLavis() throws CheckpointException {
    LanguageFamily language = model.blip2().config().text().family();
    if (language.lavis().name() == null) {
      throw new CheckpointException(
          "export: language model expected to be one of LAVIS's, OPT, T5 or Vicuna's kind, got "
              + language.name()
              + "; export for Hugging Face, or to a folder of this library (--export blip2j)");
    }
    requireLavisLora();
    VisionFamily family = model.blip2().config().vision().family();
    boolean written =
        model.parameters().values().stream()
            .anyMatch(parameter -> parameter.isTrained() && parameter.name().startsWith("vision."));
    if (written && family.lavis().isEmpty()) {
      throw new CheckpointException(
          "export: trained vision encoder expected to be one of LAVIS's, EVA or CLIP, got "
              + family.name()
              + "; export to a folder of this library (toFolder, --export blip2j)");
    }
  }

  /** LAVIS's file of trained parameters has no place for the language model. */
  private void requireLavisLora() throws CheckpointException {
    for (Parameter parameter : model.parameters().values()) {
      boolean changed = parameter.isTrained() || parameter.update() != null;
      if (changed && parameter.name().startsWith("language.")) {
        throw new CheckpointException(
            "export: language model expected frozen for LAVIS's file, got "
                + parameter.name()
                + " trained; export for Hugging Face, or the adapter (--export peft)");
      }
    }
  }

  /**
   * Checks that {@link #toPeft} can write this model, before it is trained.
   *
   * @throws CheckpointException if it has no LoRA, or trains other parameters too
   */
  public void requirePeft() throws CheckpointException {
    LoraLayers.requireAlone(model.lora(), model.parameters().values());
  }

  /**
   * Writes the LoRA as an adapter of Python's peft.
   *
   * @param folder is created if there is none
   * @param base the name or path of the model it belongs to, for peft to look up; may be empty
   * @throws CheckpointException if there is no LoRA, or other parameters are trained too
   */
  public void toPeft(Path folder, String base) throws IOException {
    requirePeft();
    @Nullable LoraLayers lora = model.lora();
    if (lora != null) {
      lora.write(folder, base);
    }
  }

  /**
   * Writes {@value #LAVIS_FILE} with the trained parameters under {@code model}, as LAVIS's own
   * runs write it, to be loaded over those before training, and a {@code model.json} with the
   * settings that no tensor holds.
   *
   * @param folder is created if there is none
   * @return the file
   * @throws CheckpointException if LAVIS has no such language model, or the vision encoder is
   *     trained and LAVIS has none of its family
   */
  public Path toLavis(Path folder) throws IOException {
    Blip2Config sizes = model.blip2().config();
    requireLavis();
    LavisFolder.prepare(folder);
    var names = LavisExportNames.of(sizes);
    try (OpenWeights open = model.source().open()) {
      var tensors = new ExportTensors(open.weights());
      for (Parameter parameter : model.parameters().values()) {
        boolean changed = parameter.isTrained() || parameter.update() != null;
        if (changed && !LoraLayers.isFactor(parameter.name()) && !names.isIdle(parameter)) {
          tensors.add(names.toLavis(parameter.name()), parameter);
        }
      }
      return LavisFolder.write(
          folder,
          target ->
              ModelJson.write(
                  target, sizes.vision(), sizes.qformer().heads(), sizes.visionNormEps(), null),
          tensors.specs(),
          tensors::write);
    }
  }
}
