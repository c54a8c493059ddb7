package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.files.AttentionHeads;
import io.github.blip2j.blip2.checkpoint.files.Descriptions;
import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.hf.MergedAdapters;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.checkpoint.lavis.Blip2Parts;
import io.github.blip2j.blip2.checkpoint.lavis.ConversionPlan;
import io.github.blip2j.blip2.checkpoint.lavis.KeyBias;
import io.github.blip2j.blip2.checkpoint.lavis.LavisBlip2;
import io.github.blip2j.blip2.checkpoint.lavis.LavisFile;
import io.github.blip2j.blip2.checkpoint.lavis.LavisSizes;
import io.github.blip2j.blip2.checkpoint.lavis.ModelJson;
import io.github.blip2j.blip2.checkpoint.lavis.PartCheckpoints;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.FileKind;
import io.github.blip2j.io.ShardedSafetensorsWriter;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.io.torch.TorchWriter;
import io.github.blip2j.vision.VisionFamilies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The conversion of a LAVIS checkpoint to a Hugging Face folder and back. Tensors are copied byte
 * by byte: types are kept, and a round trip gives the same bytes.
 *
 * <p>Two things differ besides names. Hugging Face stores the vision encoder's query and value
 * biases as one vector, with zeros for the key between them. Hugging Face has no temperature and no
 * captioning head, which only training needs. The conversion writes them to {@value
 * RetrievalLoader#LAVIS_ONLY} beside the weights, a file that Hugging Face does not load.
 */
public final class Conversion {
  private Conversion() {}

  /**
   * Writes a checkpoint of LAVIS as a Hugging Face folder, with the attention heads of a {@code
   * model.json} beside it. Without one the heads are those of the released models, 88 wide in EVA
   * and 64 in BERT.
   *
   * @param lavis a file of {@code torch.save}, or a folder with one
   * @param folder is created if there is none; tokenizer files beside {@code lavis} are copied
   * @throws CheckpointException if it is not a BLIP-2 of LAVIS with an EVA vision transformer, or
   *     weights in the folder would not be replaced whole
   */
  public static void toHuggingFace(Path lavis, Path folder) throws IOException {
    convert(lavis, folder, null, null);
  }

  /**
   * Writes a checkpoint of LAVIS as a Hugging Face folder.
   *
   * @param lavis a file of {@code torch.save}, or a folder with one
   * @param folder is created if there is none; tokenizer files beside {@code lavis} are copied
   * @throws CheckpointException if it is not a BLIP-2 of LAVIS with an EVA vision transformer, or
   *     weights in the folder would not be replaced whole
   */
  public static void toHuggingFace(Path lavis, Path folder, AttentionHeads heads)
      throws IOException {
    convert(lavis, folder, heads, null);
  }

  /**
   * Checks that a model may be written to a folder, before the work begins.
   *
   * @param inputs files and folders that are read
   * @throws CheckpointException if it is not a folder, or a file to be replaced is of another kind
   *     than the new one
   * @throws IllegalArgumentException if it is one of {@code inputs}, or what is replaced in it is
   */
  public static void requireReplaceable(Path folder, Collection<Path> inputs) throws IOException {
    Path file = folder.resolve(LavisFile.NAME); // the name for both stages
    FileKind.requireNoneOf(inputs, folder);
    FileKind.requireNoneOf(inputs, file);
    new ConversionTarget(folder).requireReplaceable();
    if (Files.exists(file)) {
      FileKind.TORCH.require(file);
    }
  }

  /**
   * Writes a checkpoint of LAVIS as a Hugging Face folder and replaces weights in it, for repeated
   * exports of a training run.
   *
   * @param merged identities of the adapters that the weights contain, for {@code config.json}
   */
  public static void exportToHuggingFace(
      Path lavis, Path folder, AttentionHeads heads, List<String> merged) throws IOException {
    convert(lavis, folder, heads, merged);
  }

  /** The configuration files of a first-stage folder. */
  private record Description(String config, String preprocessor) {
    static Description of(Path lavis, Checkpoint from, @Nullable AttentionHeads told)
        throws IOException {
      var sizes = new LavisSizes(lavis.toString(), from.tensors(), VisionFamilies.installed());
      AttentionHeads heads = told != null ? told : LavisSizes.headsBeside(lavis, sizes);
      sizes.requireDivided(heads);
      return new Description(
          sizes.configJson(heads, ModelJson.visionNormEpsBeside(lavis)), sizes.preprocessorJson());
    }

    void write(Path folder) throws IOException {
      OutputFile.write(folder.resolve("config.json"), config);
      OutputFile.write(folder.resolve("preprocessor_config.json"), preprocessor);
    }
  }

  /**
   * Checks everything before the first write. {@link Descriptions} says what a kill leaves.
   *
   * @param merged adapters of an export, which replaces weights; null for a conversion, which
   *     doesn't
   */
  private static void convert(
      Path given, Path folder, @Nullable AttentionHeads heads, @Nullable List<String> merged)
      throws IOException {
    Path lavis = LavisFile.require(given);
    var target = new ConversionTarget(folder);
    target.requireReplaceable();
    try (Checkpoint from = ModelFolder.open(lavis)) {
      ConversionPlan plan =
          ConversionPlan.ofLavis(lavis, from.tensors(), VisionFamilies.installed());
      List<TensorCopy> shared = plan.shared();
      boolean firstStage = ConversionPlan.isFirstStage(from.tensors());
      @Nullable Description description = firstStage ? Description.of(lavis, from, heads) : null;
      if (!firstStage) {
        target.requireWhole(specs(shared));
      }
      if (merged == null) {
        target.requireKept(specs(shared));
      }
      OutputFile.makeFolder(folder);
      try (var descriptions = Descriptions.of(folder)) {
        if (description != null) {
          description.write(descriptions.path());
          MergedAdapters.add(descriptions.path(), merged == null ? List.of() : merged);
        }
        TokenizerCopy.copy(lavis.resolveSibling(""), descriptions.path());
        writeWeights(plan, from, folder, descriptions);
        descriptions.end();
      }
    }
  }

  /** Writes all bytes to the disk before the first file changes. */
  private static void writeWeights(
      ConversionPlan plan, Checkpoint from, Path folder, Descriptions descriptions)
      throws IOException {
    List<TensorCopy> shared = plan.shared();
    List<TensorCopy> lavisOnly = plan.lavisOnly();
    Path beside = folder.resolve(RetrievalLoader.LAVIS_ONLY);
    if (lavisOnly.isEmpty()) {
      try (var writer = ShardedSafetensorsWriter.create(folder, specs(shared))) {
        write(shared, from, writer::write);
        boolean stale = Files.exists(beside); // it belongs to the weights that are replaced
        descriptions.begin(stale);
        if (stale) {
          Files.delete(beside);
        }
      }
      return;
    }
    try (var rest = SafetensorsWriter.create(beside, specs(lavisOnly));
        var writer = ShardedSafetensorsWriter.create(folder, specs(shared))) {
      write(shared, from, writer::write);
      write(lavisOnly, from, rest::write);
      descriptions.begin(true);
    }
  }

  /**
   * Writes the parts of LAVIS's second stage as one Hugging Face folder of {@code
   * Blip2ForConditionalGeneration}, with sizes, image processor and tokenizer.
   *
   * @param folder is created if there is none
   * @throws CheckpointException if a part is of another kind, the parts are not of one model, the
   *     vision encoder is not EVA's, or weights in the folder would not be replaced whole
   * @throws IllegalArgumentException if the folder is one of the parts
   */
  public static void toHuggingFace(Blip2Parts parts, Path folder) throws IOException {
    var target = new ConversionTarget(folder);
    target.requireNone(parts.checkpoint(), parts.language(), parts.vision(), parts.bert());
    target.requireReplaceable();
    LavisBlip2 source = LavisBlip2.of(parts);
    try (PartCheckpoints open = source.openParts()) {
      List<PartCheckpoints.Copies> plan = open.copies();
      List<TensorSpec> specs = new ArrayList<>();
      plan.forEach(copies -> specs.addAll(specs(copies.plan().shared())));
      target.requireKept(specs);
      OutputFile.makeFolder(folder);
      try (var descriptions = Descriptions.of(folder)) {
        source.describe(descriptions.path());
        try (var writer = ShardedSafetensorsWriter.create(folder, specs)) {
          for (PartCheckpoints.Copies copies : plan) {
            write(copies.plan().shared(), copies.from(), writer::write);
          }
          descriptions.begin(false);
        }
        descriptions.end();
      }
    }
  }

  /**
   * Writes the parameters of a Hugging Face folder that the second stage trains, in LAVIS's format:
   * the Q-Former, the queries, the norm and the projection, without vision encoder and language
   * model.
   *
   * @param file a file of {@code torch.save}, whose dict is under {@code model}
   * @throws CheckpointException if the folder is not a BLIP-2 with a language model
   * @throws IllegalArgumentException if {@code file} is one of the inputs
   */
  public static void toLavisTrained(Path folder, Path file) throws IOException {
    new ConversionTarget(file).requireOutside(folder);
    FileKind.TORCH.require(file);
    LoraAdapter.requireNone(folder, "model to convert");
    try (Checkpoint from = ModelFolder.open(folder)) {
      String projection = HuggingFaceNames.PROJECTION + ".weight";
      if (!from.tensors().containsKey(projection)) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: %s expected, got none; is it of the second stage?",
                folder,
                projection));
      }
      ConversionPlan plan = ConversionPlan.ofHuggingFace(folder, from, KeyBias.KEEP);
      writeLavis(file, plan.trained().shared(), List.of(), from);
    }
  }

  /**
   * Writes a Hugging Face folder as a checkpoint of LAVIS, with {@value RetrievalLoader#LAVIS_ONLY}
   * if it is there.
   *
   * @param file a file of {@code torch.save}, whose dict is under {@code model}
   * @throws CheckpointException if it is not a BLIP-2, its vision encoder has a key bias, or {@code
   *     file} exists and is not a file of {@code torch.save}
   */
  public static void toLavis(Path folder, Path file) throws IOException {
    toLavis(folder, file, KeyBias.REFUSE);
  }

  /**
   * Writes a Hugging Face folder as a checkpoint of LAVIS, with a choice for key biases.
   *
   * @throws CheckpointException if it is not a BLIP-2, or has a bias that is refused
   * @throws IllegalArgumentException if {@code file} is one of the inputs
   */
  public static void toLavis(Path folder, Path file, KeyBias keyBias) throws IOException {
    new ConversionTarget(file).requireOutside(folder);
    FileKind.TORCH.require(file);
    LoraAdapter.requireNone(folder, "model to convert");
    Path beside = folder.resolve(RetrievalLoader.LAVIS_ONLY);
    try (Checkpoint from = ModelFolder.open(folder)) {
      List<TensorCopy> shared = ConversionPlan.ofHuggingFace(folder, from, keyBias).shared();
      if (!Files.exists(beside)) {
        writeLavis(file, shared, List.of(), from);
        return;
      }
      try (Checkpoint more = Checkpoint.open(beside)) {
        List<TensorCopy> lavisOnly = new ArrayList<>();
        for (TensorEntry entry : more.tensors().values()) {
          lavisOnly.add(TensorCopy.whole(entry.name(), entry));
        }
        writeLavis(file, shared, lavisOnly, more.over(from));
      }
    }
  }

  private static void writeLavis(
      Path file, List<TensorCopy> shared, List<TensorCopy> lavisOnly, Checkpoint from)
      throws IOException {
    List<TensorCopy> all = new ArrayList<>(shared);
    all.addAll(lavisOnly);
    try (var writer = TorchWriter.createUnder("model", file, specs(all))) {
      write(all, from, writer::write);
    }
  }

  private static List<TensorSpec> specs(List<TensorCopy> copies) {
    return copies.stream().map(TensorCopy::spec).toList();
  }

  private static void write(List<TensorCopy> copies, Checkpoint from, TensorCopy.Sink to)
      throws IOException {
    for (TensorCopy copy : copies) {
      copy.write(from, to);
    }
  }
}
