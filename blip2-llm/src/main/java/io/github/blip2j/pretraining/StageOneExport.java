package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.files.AttentionHeads;
import io.github.blip2j.blip2.checkpoint.files.Descriptions;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Json;
import io.github.blip2j.blip2.checkpoint.lavis.LavisFile;
import io.github.blip2j.blip2.checkpoint.lavis.ModelJson;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.TemporaryFolder;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.io.torch.TorchWriter;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.qformer.QformerNames;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;

/**
 * Writes a model of the first stage for Python: as LAVIS stores it, or as a Hugging Face folder of
 * {@code Blip2ForImageTextRetrieval}.
 */
public final class StageOneExport {
  /** The file that {@link #toLavis} writes. */
  public static final String LAVIS_FILE = LavisFile.NAME;

  private final Blip2RetrievalModel model;
  private final Path tokenizer;
  private final LavisExportNames names;

  /** Which parameters are written. */
  public enum Contents {
    /** All of them. */
    ALL,
    /**
     * Those that are trained; what LAVIS's own runs write, to be laid over what they began with.
     */
    TRAINED
  }

  /** What is written under one name: the tensors that make it up, in order. */
  private record Entry(TensorSpec spec, List<Tensor> parts) {}

  /**
   * An export of {@code model}.
   *
   * @param tokenizer the folder whose tokenizer files go with it
   */
  public StageOneExport(Blip2RetrievalModel model, Path tokenizer) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.names = LavisExportNames.of(model.config());
  }

  /**
   * Writes {@value #LAVIS_FILE} with the parameters under {@code model}, a {@code model.json} with
   * what no tensor tells, and the tokenizer's files.
   *
   * @param folder is created if there is none
   * @return the file
   */
  public Path toLavis(Path folder, Contents contents) throws IOException {
    Conversion.requireReplaceable(folder, List.of());
    OutputFile.makeFolder(folder);
    Path file = folder.resolve(LAVIS_FILE);
    Blip2QformerConfig sizes = model.config().qformer();
    try (var descriptions = Descriptions.of(folder);
        Scope scope = Scope.open()) {
      ModelJson.write(descriptions.path(), heads(), sizes.visionNormEps(), sizes.maxTextTokens());
      TokenizerCopy.copy(tokenizer, descriptions.path());
      List<Entry> entries = entries(contents);
      List<TensorSpec> specs = entries.stream().map(Entry::spec).toList();
      try (var writer = TorchWriter.createUnder("model", file, specs)) {
        for (Entry entry : entries) {
          for (Tensor part : entry.parts) {
            part.write(bytes -> writer.write(entry.spec.name(), bytes));
          }
        }
        descriptions.replaceBefore(file);
      }
    }
    return file;
  }

  /**
   * Checks that {@link #toHuggingFace} can write this model, before time goes into training it.
   *
   * @throws io.github.blip2j.io.file.CheckpointException if the vision encoder is not EVA's
   */
  public void requireHuggingFace() throws IOException {
    Blip2Json.requireTower(model.config().vision());
  }

  /**
   * Writes a Hugging Face folder, with {@value RetrievalLoader#LAVIS_ONLY} for what only training
   * needs. While it is written, the disk holds the model twice.
   *
   * @param folder is created if there is none
   * @throws io.github.blip2j.io.file.CheckpointException if the vision encoder is not EVA's
   */
  public void toHuggingFace(Path folder) throws IOException {
    requireHuggingFace();
    Conversion.requireReplaceable(folder, List.of());
    OutputFile.makeFolder(folder);
    List<String> weights =
        List.of(LAVIS_FILE); // the rest is small, and the next export's to remove
    try (var between = TemporaryFolder.create(folder, ".lavis", weights)) {
      Path file = toLavis(between.path(), Contents.ALL);
      Conversion.exportToHuggingFace(file, folder, heads());
    }
  }

  private AttentionHeads heads() {
    return new AttentionHeads(
        model.config().vision().heads(), model.config().qformer().bert().heads());
  }

  /** Tensors by LAVIS's names, in the open scope. */
  private List<Entry> entries(Contents contents) {
    Map<String, Map<Integer, Tensor>> parts = new TreeMap<>();
    Map<String, Tensor> copies = new TreeMap<>();
    for (Parameter parameter : model.parameters().values()) {
      boolean wanted = contents == Contents.ALL || parameter.isTrained();
      if (wanted && !names.isIdle(parameter)) {
        KeyMap.Key key = names.toLavis(parameter.name());
        Tensor value = parameter.value().detach();
        parts.computeIfAbsent(key.name(), name -> new TreeMap<>()).put(key.part(), value);
        names.copies(parameter.name()).forEach(copy -> copies.put(copy.name(), value));
      }
    }
    copies.put(QformerNames.LAVIS_POSITION_IDS, positionIds());
    List<Entry> entries = new ArrayList<>();
    parts.forEach((name, tensors) -> entries.add(entry(name, List.copyOf(tensors.values()))));
    copies.forEach((name, tensor) -> entries.add(entry(name, List.of(tensor))));
    return entries;
  }

  private Tensor positionIds() {
    long[] ids = LongStream.range(0, model.config().qformer().bert().maxPositions()).toArray();
    return Tensor.of(ids, 1, ids.length);
  }

  private static Entry entry(String name, List<Tensor> parts) {
    Tensor first = parts.get(0);
    Shape shape =
        parts.size() == 1 ? first.shape() : first.shape().with(0, first.dim(0) * parts.size());
    return new Entry(new TensorSpec(name, first.dtype(), shape), parts);
  }
}
