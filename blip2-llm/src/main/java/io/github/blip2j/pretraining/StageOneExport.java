package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.files.AttentionHeads;
import io.github.blip2j.blip2.checkpoint.files.Descriptions;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Json;
import io.github.blip2j.blip2.checkpoint.lavis.LavisFile;
import io.github.blip2j.blip2.checkpoint.lavis.ModelJson;
import io.github.blip2j.blip2.checkpoint.lavis.RetrievalNames;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.TemporaryFolder;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.io.torch.TorchWriter;
import io.github.blip2j.nn.Attention.InputBias;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamily;
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

  private static final String WORDS = "Qformer.bert.embeddings.word_embeddings.weight";
  private static final String HEAD = "Qformer.cls.predictions.";

  private final Blip2RetrievalModel model;
  private final Path tokenizer;

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

  /** By LAVIS's names, in the open scope. */
  private List<Entry> entries(Contents contents) {
    Map<String, Map<Integer, Tensor>> parts = new TreeMap<>();
    for (Parameter parameter : model.parameters().values()) {
      boolean wanted = contents == Contents.ALL || parameter.isTrained();
      // A bias of keys changes no softmax; LAVIS has none, and Hugging Face zeros.
      boolean idle = isKeyBias(parameter.name()) && parameter.value().squaredNorm() == 0;
      if (wanted && !idle) {
        KeyMap.Key key = stored(parameter.name());
        parts
            .computeIfAbsent(key.name(), name -> new TreeMap<>())
            .put(key.part(), parameter.value().detach());
      }
    }
    List<Entry> entries = new ArrayList<>();
    parts.forEach((name, tensors) -> entries.add(entry(name, List.copyOf(tensors.values()))));
    entries.addAll(repeated(parts));
    return entries;
  }

  private boolean isKeyBias(String name) {
    return model.config().vision().family() == VisionFamily.EVA
        && name.startsWith("vision.")
        && name.endsWith(".key.bias");
  }

  private KeyMap.Key stored(String name) {
    VisionConfig vision = model.config().vision();
    if (vision.family() != VisionFamily.EVA) {
      return RetrievalNames.lavis(vision).toStored(name);
    }
    KeyMap keys = RetrievalNames.lavis(vision.withInputBias(InputBias.QUERY_AND_VALUE));
    if (!isKeyBias(name)) {
      return keys.toStored(name);
    }
    KeyMap.Key query = keys.toStored(name.replace(".key.", ".query."));
    return new KeyMap.Key(query.name().replace(".q_bias", ".k_bias"), 0, 1);
  }

  private static Entry entry(String name, List<Tensor> parts) {
    Tensor first = parts.get(0);
    Shape shape =
        parts.size() == 1 ? first.shape() : first.shape().with(0, first.dim(0) * parts.size());
    return new Entry(new TensorSpec(name, first.dtype(), shape), parts);
  }

  /** What a module of LAVIS's holds once more, so that it can be loaded strictly. */
  private List<Entry> repeated(Map<String, Map<Integer, Tensor>> parts) {
    List<Entry> repeated = new ArrayList<>();
    repeat(WORDS, HEAD + "decoder.weight", parts, repeated);
    repeat(HEAD + "bias", HEAD + "decoder.bias", parts, repeated);
    long[] positions =
        LongStream.range(0, model.config().qformer().bert().maxPositions()).toArray();
    Tensor ids = Tensor.of(positions, 1, positions.length);
    repeated.add(entry("Qformer.bert.embeddings.position_ids", List.of(ids)));
    return repeated;
  }

  private static void repeat(
      String name, String copy, Map<String, Map<Integer, Tensor>> parts, List<Entry> to) {
    Map<Integer, Tensor> original = parts.get(name);
    if (original != null) {
      to.add(entry(copy, List.copyOf(original.values())));
    }
  }
}
