package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.files.AttentionHeads;
import io.github.blip2j.blip2.checkpoint.files.Descriptions;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Json;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.lavis.LavisFile;
import io.github.blip2j.blip2.checkpoint.lavis.ModelJson;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.io.ShardedSafetensorsWriter;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.io.torch.TorchWriter;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Writes a model of the second stage for Python: as a Hugging Face folder, or what was trained of
 * it as LAVIS stores that.
 *
 * <p>What was frozen is copied from where it was loaded from, in the type it is stored in there; so
 * those files must still be where they were.
 */
public final class StageTwoExport {
  /** The file that {@link #toLavis} writes. */
  public static final String LAVIS_FILE = LavisFile.NAME;

  private static final long SHARD_BYTES = 5_000_000_000L; // as Hugging Face splits
  private static final int CHUNK = 1 << 22;

  private final StageTwoModel model;

  /** Parameters that make up one tensor of a file, by their place in it. */
  private record Entry(String name, int parts, Map<Integer, Parameter> parameters) {}

  /** An export of {@code model}. */
  public StageTwoExport(StageTwoModel model) {
    this.model = model;
  }

  /**
   * Checks that {@link #toHuggingFace} can write this model, before time goes into training it.
   *
   * @throws io.github.blip2j.io.file.CheckpointException if the vision encoder is not EVA's
   */
  public void requireHuggingFace() throws IOException {
    Blip2Json.requireTower(model.blip2().config().vision());
  }

  /**
   * Writes a folder that {@code Blip2ForConditionalGeneration} reads, or of an InstructBLIP {@code
   * InstructBlipForConditionalGeneration}.
   *
   * @param folder is created if there is none
   * @throws io.github.blip2j.io.file.CheckpointException if the vision encoder is not EVA's
   */
  public void toHuggingFace(Path folder) throws IOException {
    requireHuggingFace();
    Conversion.requireReplaceable(folder, List.of());
    OutputFile.makeFolder(folder);
    KeyMap keys = HuggingFaceNames.blip2(model.blip2().config());
    Collection<Entry> entries = entries(keys::toStored, parameter -> true);
    try (var descriptions = Descriptions.of(folder);
        OpenWeights open = model.source().open()) {
      model.source().describe(descriptions.path());
      List<TensorSpec> specs = specs(entries, open.weights());
      try (var writer = ShardedSafetensorsWriter.create(folder, specs, SHARD_BYTES)) {
        write(entries, specs, open.weights(), writer::write);
        descriptions.begin(false);
      }
      descriptions.end();
    }
  }

  /**
   * Writes {@value #LAVIS_FILE} with the trained parameters under {@code model}, as LAVIS's own
   * runs write it, to be laid over what they began with, and a {@code model.json} with what no
   * tensor tells.
   *
   * @param folder is created if there is none
   * @return the file
   */
  public Path toLavis(Path folder) throws IOException {
    Conversion.requireReplaceable(folder, List.of());
    OutputFile.makeFolder(folder);
    Path file = folder.resolve(LAVIS_FILE);
    var names = LavisExportNames.of(model.blip2().config());
    Collection<Entry> entries =
        entries(names::toLavis, parameter -> parameter.isTrained() && !names.isIdle(parameter));
    Blip2Config sizes = model.blip2().config();
    var heads = new AttentionHeads(sizes.vision().heads(), sizes.qformer().heads());
    try (var descriptions = Descriptions.of(folder);
        OpenWeights open = model.source().open()) {
      ModelJson.write(descriptions.path(), heads, sizes.visionNormEps(), null);
      List<TensorSpec> specs = specs(entries, open.weights());
      try (var writer = TorchWriter.createUnder("model", file, specs)) {
        write(entries, specs, open.weights(), writer::write);
        descriptions.replaceBefore(file);
      }
    }
    return file;
  }

  private Collection<Entry> entries(
      Function<String, KeyMap.Key> names, Predicate<Parameter> isWanted) {
    Map<String, Entry> entries = new TreeMap<>();
    for (Parameter parameter : model.parameters().values()) {
      if (isWanted.test(parameter)) {
        KeyMap.Key key = names.apply(parameter.name());
        entries
            .computeIfAbsent(key.name(), name -> new Entry(name, key.parts(), new TreeMap<>()))
            .parameters
            .put(key.part(), parameter);
      }
    }
    return entries.values();
  }

  private static List<TensorSpec> specs(Collection<Entry> entries, Weights stored)
      throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    for (Entry entry : entries) {
      Parameter first = entry.parameters.values().iterator().next();
      Weights.@Nullable Stored frozen = first.isTrained() ? null : stored.find(first.name());
      DType type = frozen == null ? DType.FLOAT32 : frozen.dtype();
      Shape part = first.value().shape();
      Shape whole = entry.parts == 1 ? part : part.with(0, part.dim(0) * entry.parts);
      specs.add(new TensorSpec(entry.name, type, whole));
    }
    return specs;
  }

  private static void write(
      Collection<Entry> entries, List<TensorSpec> specs, Weights stored, TensorCopy.Sink to)
      throws IOException {
    int index = 0;
    for (Entry entry : entries) {
      TensorSpec spec = specs.get(index++);
      for (int part = 0; part < entry.parts; part++) {
        Parameter parameter = entry.parameters.get(part);
        long size = spec.byteSize() / entry.parts;
        if (parameter == null) { // Hugging Face has a bias of keys where LAVIS has none
          to.write(entry.name, ByteBuffer.allocate(Math.toIntExact(size)));
        } else if (parameter.isTrained()) {
          try (Scope scope = Scope.open()) {
            parameter.value().detach().write(bytes -> to.write(entry.name, bytes));
          }
        } else {
          copy(parameter.name(), size, stored, bytes -> to.write(entry.name, bytes));
        }
      }
    }
  }

  /** Takes the next bytes of a tensor. */
  private interface Bytes {
    void write(ByteBuffer bytes) throws IOException;
  }

  private static void copy(String name, long size, Weights from, Bytes to) throws IOException {
    for (long done = 0; done < size; done += CHUNK) {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(CHUNK, size - done));
      from.read(name, done, bytes);
      to.write(bytes.flip());
    }
  }
}
