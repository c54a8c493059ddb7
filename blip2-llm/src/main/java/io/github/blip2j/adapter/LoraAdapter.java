package io.github.blip2j.adapter;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A LoRA adapter (Hu et al. 2021) as saved by Python's peft: {@code adapter_config.json} and {@code
 * adapter_model.safetensors} or {@code .bin}. It is merged while the weights are read, {@code W +
 * scale B A}, so inference costs nothing more.
 *
 * <p>Biases, and modules that were trained as a whole ({@code modules_to_save}), replace those of
 * the base model.
 */
public final class LoraAdapter implements AutoCloseable {
  /** What to do about an adapter of a kind that is not read here. */
  static final String MERGE_IN_PYTHON =
      "; merge the adapter in Python (merge_and_unload) and save the whole model";

  private static final String MERGE =
      "; merge it first, by blip2 convert --merge-lora (LoraMerge), or in Python (merge_and_unload)"
          + " if the model is a part of a BLIP-2";

  static final String CONFIG = "adapter_config.json";
  static final String SAFETENSORS = "adapter_model.safetensors";
  private static final List<String> WEIGHTS = List.of(SAFETENSORS, "adapter_model.bin");
  private static final int CHUNK = 1 << 22;
  private static final int NAMES_IN_MESSAGE = 4;

  /**
   * Paths of the trained model in the models here: an adapter of a language model alone names it as
   * the root.
   */
  private static final List<String> ROOTS = List.of("", "language_model.");

  private final Path folder;
  private final LoraConfig config;
  private final Checkpoint checkpoint;
  private final Map<String, Change> changes;

  private LoraAdapter(
      Path folder, LoraConfig config, Checkpoint checkpoint, Map<String, Change> changes) {
    this.folder = folder;
    this.config = config;
    this.checkpoint = checkpoint;
    this.changes = changes;
  }

  /** Whether a folder holds an adapter, alone or beside a model. */
  public static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(CONFIG));
  }

  /**
   * Opens the adapter in a folder.
   *
   * @throws CheckpointException if there is none, it is not LoRA, or one of its tensors is not
   */
  public static LoraAdapter open(Path folder) throws IOException {
    if (!isIn(folder)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: adapter expected with %s, got none; check the path",
              folder,
              CONFIG));
    }
    LoraConfig config = LoraConfig.fromJson(ConfigJson.read(folder.resolve(CONFIG)));
    Checkpoint checkpoint = Checkpoint.open(weights(folder));
    try (var opened = new OpenResources()) {
      opened.add(checkpoint::close);
      Map<String, Change> changes =
          AdapterTensors.sort(folder.toString(), checkpoint.tensors().keySet());
      if (changes.isEmpty()) {
        throw new CheckpointException(
            folder + ": adapter expected to hold tensors, got none; copy it again");
      }
      return opened.keep(new LoraAdapter(folder, config, checkpoint, changes));
    }
  }

  private static Path weights(Path folder) throws CheckpointException {
    for (String name : WEIGHTS) {
      if (Files.exists(folder.resolve(name))) {
        return folder.resolve(name);
      }
    }
    throw new CheckpointException(
        String.format(
            Locale.ROOT,
            "%s: %s expected beside %s, got none; copy the adapter again",
            folder,
            String.join(" or ", WEIGHTS),
            CONFIG));
  }

  /** The base model that an adapter names, if it names one. */
  public static Optional<String> baseOf(Path folder) throws IOException {
    ConfigJson json = ConfigJson.read(folder.resolve(CONFIG));
    String base = json.stringAt("base_model_name_or_path", "");
    return base.isBlank() ? Optional.empty() : Optional.of(base);
  }

  /** The {@link #identity} of the adapter in a folder. */
  public static String identityOf(Path folder) throws IOException {
    try (LoraAdapter adapter = open(folder)) {
      return adapter.identity();
    }
  }

  /**
   * Hexadecimal digits that tell this adapter from others: of the names and bytes of its tensors,
   * whatever file they are in.
   */
  public String identity() throws IOException {
    var identity = new AdapterIdentity();
    for (TensorEntry tensor : checkpoint.tensors().values()) { // by name
      identity.name(tensor.name());
      for (long done = 0; done < tensor.byteSize(); done += CHUNK) {
        var bytes = ByteBuffer.allocate((int) Math.min(CHUNK, tensor.byteSize() - done));
        checkpoint.read(tensor.name(), done, bytes);
        identity.bytes(bytes.flip());
      }
    }
    return identity.hex();
  }

  /**
   * Checks that a folder has no adapter, where it would be ignored.
   *
   * @param what the files that are read from the folder
   * @throws CheckpointException if there is one
   */
  public static void requireNone(Path folder, String what) throws CheckpointException {
    if (isIn(folder)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected without an adapter, got %s%s",
              folder,
              what,
              CONFIG,
              MERGE));
    }
  }

  /**
   * The base model's weights with this adapter merged. The adapter must stay open while they are
   * read.
   *
   * @param stored the tensors of the base model, by the names under which {@code base} finds them
   * @throws CheckpointException listing changed tensors that the base model does not have, or has
   *     in another shape
   */
  public Weights over(CheckpointWeights base, NavigableMap<String, TensorEntry> stored)
      throws CheckpointException {
    Map<String, Change> ofBase = new TreeMap<>();
    List<String> faults = new ArrayList<>();
    for (Map.Entry<String, Change> each : changes.entrySet()) {
      @Nullable TensorEntry target = find(stored, each.getKey());
      Shape shape = shape(each.getValue());
      if (target == null || !target.shape().equals(shape)) {
        faults.add(
            String.format(
                Locale.ROOT,
                "%s %s of %s",
                each.getKey(),
                shape,
                target == null ? "none" : target.shape()));
      } else {
        ofBase.put(target.name(), each.getValue());
      }
    }
    if (!faults.isEmpty()) {
      String shown =
          String.join(", ", faults.subList(0, Math.min(NAMES_IN_MESSAGE, faults.size())));
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: adapter expected to change tensors of the base, got %d that it lacks or has"
                  + " otherwise (%s%s); take the base it was trained on%s",
              folder,
              faults.size(),
              shown,
              faults.size() > NAMES_IN_MESSAGE ? ", ..." : "",
              baseOrNothing()));
    }
    return new AdaptedWeights(folder.toString(), base, checkpoint, ofBase, config);
  }

  /** The modules of the products, by their names in the base. */
  NavigableSet<String> modules() {
    NavigableSet<String> modules = new TreeSet<>();
    for (Change change : changes.values()) {
      if (change instanceof Change.Product product) {
        modules.add(product.module());
      }
    }
    return modules;
  }

  /**
   * Checks that there are products alone, which can be trained further.
   *
   * @throws CheckpointException naming another tensor
   */
  void requireFactors() throws CheckpointException {
    for (Change change : changes.values()) {
      if (!(change instanceof Change.Product)) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: factors alone expected to train on, got %s%s",
                folder,
                change.tensor(),
                MERGE));
      }
    }
  }

  /** A factor as it is stored, by its name in the base; null if there is none. */
  Weights.@Nullable Stored factor(String name) throws CheckpointException {
    @Nullable String stored = factorName(name);
    if (stored == null) {
      return null;
    }
    TensorEntry entry = entry(stored);
    return new Weights.Stored(entry.dtype(), entry.shape(), 1);
  }

  /** Reads bytes of a factor, by its name in the base. */
  void readFactor(String name, long byteOffset, ByteBuffer into) throws IOException {
    @Nullable String stored = factorName(name);
    if (stored == null) {
      throw new AssertionError(name + ": was found before");
    }
    checkpoint.read(stored, byteOffset, into);
  }

  private @Nullable String factorName(String name) {
    boolean first = LoraLayers.isFirst(name);
    int end = name.lastIndexOf(".lora_");
    String target = name.substring(0, end) + ".weight";
    for (String root : ROOTS) {
      if (target.startsWith(root)
          && changes.get(target.substring(root.length())) instanceof Change.Product product) {
        return first ? product.a() : product.b();
      }
    }
    return null;
  }

  private String baseOrNothing() throws CheckpointException {
    try {
      return baseOf(folder).map(base -> ", " + base).orElse("");
    } catch (CheckpointException e) {
      throw e;
    } catch (IOException e) {
      return "";
    }
  }

  private static @Nullable TensorEntry find(NavigableMap<String, TensorEntry> stored, String name) {
    for (String root : ROOTS) {
      @Nullable TensorEntry entry = stored.get(root + name);
      if (entry != null) {
        return entry;
      }
    }
    return null;
  }

  /**
   * The shape of the changed tensor; for factors that do not fit together, a shape that no tensor
   * has.
   */
  private Shape shape(Change change) throws CheckpointException {
    Shape shape = entry(change.tensor()).shape();
    if (!(change instanceof Change.Product product)) {
      return shape;
    }
    Shape left = entry(product.b()).shape();
    boolean fits = shape.rank() == 2 && left.rank() == 2 && left.dim(1) == shape.dim(0);
    if (fits && !config.ranks().isEmpty() && !config.ranks().contains(shape.dim(0))) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: rank expected to be among %s of %s, got %d in %s; copy both files again",
              folder,
              config.ranks(),
              CONFIG,
              shape.dim(0),
              product.a()));
    }
    return fits ? Shape.of(left.dim(0), shape.dim(1)) : Shape.of();
  }

  private TensorEntry entry(String name) throws CheckpointException {
    @Nullable TensorEntry entry = checkpoint.tensors().get(name);
    if (entry == null) {
      throw new CheckpointException(
          String.format(Locale.ROOT, "%s: tensor %s is missing", folder, name));
    }
    return entry;
  }

  /** Closes its file. */
  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
