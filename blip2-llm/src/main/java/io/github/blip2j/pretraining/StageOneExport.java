package io.github.blip2j.pretraining;

import io.github.blip2j.adapter.LoraLayers;
import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.files.AttentionHeads;
import io.github.blip2j.blip2.checkpoint.files.Descriptions;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Json;
import io.github.blip2j.blip2.checkpoint.hf.LibraryFolder;
import io.github.blip2j.blip2.checkpoint.hf.MergedAdapters;
import io.github.blip2j.blip2.checkpoint.lavis.LavisFile;
import io.github.blip2j.blip2.checkpoint.lavis.ModelJson;
import io.github.blip2j.blip2.checkpoint.lavis.VisionEncoderSource;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.io.ShardedSafetensorsWriter;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.TemporaryFolder;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.qformer.QformerNames;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamily;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The export of a model of the first stage: for Python in LAVIS's format or as a Hugging Face
 * folder of {@code Blip2ForImageTextRetrieval}, and with any vision encoder as a folder of this
 * library.
 */
public final class StageOneExport {
  /** The file that {@link #toLavis} writes. */
  public static final String LAVIS_FILE = LavisFile.NAME;

  private final Blip2RetrievalModel model;
  private final Path tokenizer;
  private final LavisExportNames names;
  private final @Nullable LoraLayers lora;

  /** The parameters that are written. */
  public enum Contents {
    /** All of them. */
    ALL,
    /**
     * The trained ones, and those that a LoRA changes, as LAVIS's own runs write them, to be loaded
     * over those before training.
     */
    TRAINED
  }

  /**
   * An export of {@code model}.
   *
   * @param tokenizer the folder whose tokenizer files are copied
   */
  public StageOneExport(Blip2RetrievalModel model, Path tokenizer) {
    this(model, null, tokenizer);
  }

  /**
   * An export of {@code model}, which may have a LoRA: whole models are written with it merged.
   *
   * @param tokenizer the folder whose tokenizer files are copied
   */
  public StageOneExport(StageOneModel model, Path tokenizer) {
    this(model.retrieval(), model.lora(), tokenizer);
  }

  private StageOneExport(Blip2RetrievalModel model, @Nullable LoraLayers lora, Path tokenizer) {
    this.model = model;
    this.lora = lora;
    this.tokenizer = tokenizer;
    this.names = LavisExportNames.of(model.config());
  }

  /**
   * Writes {@value #LAVIS_FILE} with the parameters under {@code model}, a {@code model.json} with
   * the settings that no tensor holds, and the tokenizer's files.
   *
   * @param folder is created if there is none
   * @return the file
   * @throws CheckpointException if LAVIS has no vision encoder of the model's family, and
   *     parameters of it would be written
   */
  public Path toLavis(Path folder, Contents contents) throws IOException {
    requireLavis(contents);
    LavisFolder.prepare(folder);
    Blip2QformerConfig sizes = model.config().qformer();
    try (Scope scope = Scope.open()) {
      ExportTensors tensors = tensors(contents);
      Tensor positions = positionIds();
      var positionSpec =
          new TensorSpec(QformerNames.LAVIS_POSITION_IDS, positions.dtype(), positions.shape());
      List<TensorSpec> specs = new ArrayList<>(tensors.specs());
      specs.add(positionSpec);
      return LavisFolder.write(
          folder,
          target -> {
            ModelJson.write(
                target,
                model.config().vision(),
                sizes.bert().heads(),
                sizes.visionNormEps(),
                sizes.maxTextTokens());
            TokenizerCopy.copy(tokenizer, target);
          },
          specs,
          to -> {
            tensors.write(to);
            positions.write(bytes -> to.write(positionSpec.name(), bytes));
          });
    }
  }

  /**
   * Checks that {@link #toHuggingFace} can write this model, before it is trained.
   *
   * @throws CheckpointException if the vision encoder is not EVA's
   */
  public void requireHuggingFace() throws IOException {
    Blip2Json.requireHuggingFace(model.config().vision());
  }

  /**
   * Writes a Hugging Face folder, with {@value RetrievalLoader#LAVIS_ONLY} for the parameters that
   * only training needs. Until the end, the model is on the disk twice.
   *
   * @param folder is created if there is none
   * @throws CheckpointException if the vision encoder is not EVA's
   */
  public void toHuggingFace(Path folder) throws IOException {
    requireHuggingFace();
    LavisFolder.prepare(folder);
    // After a kill, the next export removes the other files, which are small.
    List<String> weights = List.of(LAVIS_FILE);
    try (var between = TemporaryFolder.create(folder, ".lavis", weights)) {
      Path file = toLavis(between.path(), Contents.ALL);
      Conversion.exportToHuggingFace(file, folder, heads(), merged());
    }
  }

  /** What the weights contain: the adapters of the model's files, and then its own. */
  private List<String> merged() throws IOException {
    List<String> merged = new ArrayList<>(model.mergedAdapters());
    if (lora != null) {
      merged.add(lora.identity());
    }
    return merged;
  }

  /**
   * Checks that {@link #toLavis} can write this model, before it is trained.
   *
   * @throws CheckpointException if LAVIS has no vision encoder of the model's family, and
   *     parameters of it would be written
   */
  public void requireLavis(Contents contents) throws CheckpointException {
    VisionFamily family = model.config().vision().family();
    boolean written =
        contents == Contents.ALL
            || model.parameters().values().stream()
                .anyMatch(parameter -> isChanged(parameter) && isVision(parameter));
    if (family.lavis().isEmpty() && written) {
      throw new CheckpointException(
          "export: vision encoder expected to be one of LAVIS's, EVA or CLIP, got "
              + family.name()
              + "; export to a folder of this library (toFolder, --export blip2j)");
    }
  }

  private static boolean isChanged(Parameter parameter) {
    return parameter.isTrained() || parameter.update() != null;
  }

  private static boolean isVision(Parameter parameter) {
    return parameter.name().startsWith(VisionEncoderSource.PATH + ".");
  }

  /**
   * Writes a folder of this library's format, which has a place for every vision encoder: all
   * parameters, sizes, image processor and tokenizer. {@code ImageTextMatcher}, both stages of
   * training and {@link io.github.blip2j.blip2.checkpoint.RetrievalLoader} read it.
   *
   * @param folder is created if there is none
   * @param processor of the images that the model was trained with
   */
  public void toFolder(Path folder, ImageProcessor processor) throws IOException {
    LavisFolder.prepare(folder);
    try (Scope scope = Scope.open();
        var descriptions = Descriptions.of(folder)) {
      LibraryFolder.write(descriptions.path(), model.config(), processor);
      TokenizerCopy.copy(tokenizer, descriptions.path());
      MergedAdapters.add(descriptions.path(), merged());
      var tensors = new ExportTensors();
      KeyMap names = KeyMap.identity();
      whole().forEach(own -> tensors.add(names.toStored(own.name()), own));
      try (var writer = ShardedSafetensorsWriter.create(folder, tensors.specs())) {
        tensors.write(writer::write);
        descriptions.begin(false);
      }
      descriptions.end();
    }
  }

  private AttentionHeads heads() {
    VisionConfig vision = model.config().vision();
    int ofVision = vision.family().lavis().orElseThrow().heads(vision); // checked before
    return new AttentionHeads(ofVision, model.config().qformer().bert().heads());
  }

  private ExportTensors tensors(Contents contents) {
    var tensors = new ExportTensors();
    for (Parameter parameter : whole()) {
      boolean wanted = contents == Contents.ALL || isChanged(parameter);
      if (wanted && !names.isIdle(parameter)) {
        tensors.add(names.toLavis(parameter.name()), parameter);
        names.copies(parameter.name()).forEach(copy -> tensors.add(copy, parameter));
      }
    }
    return tensors;
  }

  /** The parameters without the factors of a LoRA, which are merged into them. */
  private List<Parameter> whole() {
    return model.parameters().values().stream()
        .filter(parameter -> !LoraLayers.isFactor(parameter.name()))
        .toList();
  }

  /**
   * Checks that {@link #toPeft} can write this model, before it is trained.
   *
   * @throws CheckpointException if it has no LoRA, or trains other parameters too
   */
  public void requirePeft() throws CheckpointException {
    LoraLayers.requireAlone(lora, model.parameters().values());
  }

  /**
   * Writes the LoRA as an adapter of Python's peft for {@code Blip2ForImageTextRetrieval}.
   *
   * @param folder is created if there is none
   * @param base the name or path of the model it belongs to, for peft to look up; may be empty
   * @throws CheckpointException if there is no LoRA, or other parameters are trained too
   */
  public void toPeft(Path folder, String base) throws IOException {
    requirePeft();
    if (lora != null) {
      lora.write(folder, base);
    }
  }

  private Tensor positionIds() {
    long[] ids = LongStream.range(0, model.config().qformer().bert().maxPositions()).toArray();
    return Tensor.of(ids, 1, ids.length);
  }
}
