package io.github.blip2j.io;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorFile;
import io.github.blip2j.io.tensor.TensorSummary;
import io.github.blip2j.io.tensor.UnreadableTensor;
import io.github.blip2j.io.torch.TorchFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a model, in safetensors or PyTorch format: one file, or a folder with one file or
 * with several shards. Every shard is opened and checked when the checkpoint is opened, so missing
 * shards are reported before the first read. Reads are safe from any number of threads.
 */
public final class Checkpoint implements AutoCloseable {
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";
  private static final String TORCH_SINGLE = "pytorch_model.bin";
  private static final String TORCH_INDEX = "pytorch_model.bin.index.json";
  private static final List<String> NAMES = List.of(SINGLE, INDEX, TORCH_SINGLE, TORCH_INDEX);
  private static final int COMPARED_BYTES = 1 << 20;

  /** A tensor's file, and the tensor's name in that file. */
  record Place(TensorFile file, String name) {
    TensorEntry entry() throws CheckpointException {
      @Nullable TensorEntry entry = file.tensors().get(name);
      if (entry == null) {
        throw new CheckpointException(
            String.format(Locale.ROOT, "%s: tensor %s is missing", file.name(), name));
      }
      return entry;
    }
  }

  private final Collection<TensorFile> files;
  private final Map<String, Place> places; // by tensor
  private final NavigableMap<String, TensorEntry> tensors;
  private final UnaryOperator<String> spelling; // of names that are in no file

  private Checkpoint(
      Collection<TensorFile> files,
      Map<String, Place> places,
      NavigableMap<String, TensorEntry> tensors) {
    this(files, places, tensors, UnaryOperator.identity());
  }

  private Checkpoint(
      Collection<TensorFile> files,
      Map<String, Place> places,
      NavigableMap<String, TensorEntry> tensors,
      UnaryOperator<String> spelling) {
    this.files = List.copyOf(files);
    this.places = places;
    this.spelling = spelling;
    this.tensors = Collections.unmodifiableNavigableMap(tensors);
  }

  /**
   * Opens a file, or a folder that holds {@code model.safetensors}, {@code
   * model.safetensors.index.json}, {@code pytorch_model.bin} or {@code
   * pytorch_model.bin.index.json}. The first of these that exists is used, as in Python. A folder
   * without any of them may hold all shards of a model, {@code model-00001-of-00002.safetensors}
   * and so on. A file with the ending {@code .safetensors} is read as safetensors, any other as a
   * file of {@code torch.save}; see {@link TorchFile}.
   *
   * <p>All tensors of the shards are available, also those that the index does not name, as in
   * transformers. The location of a tensor is looked up in the shards, because the index may belong
   * to another model.
   *
   * @throws CheckpointException if the path does not exist, holds no readable weights, shards are
   *     missing, or the index names a tensor that no shard holds
   */
  public static Checkpoint open(Path path) throws IOException {
    if (Files.isRegularFile(path)) {
      return openOne(path);
    }
    if (!Files.isDirectory(path)) {
      throw new CheckpointException(path + ": model expected, got nothing; check the path");
    }
    for (String name : NAMES) {
      Path file = path.resolve(name);
      if (Files.exists(file)) {
        return name.endsWith(".json") ? Shards.behind(path, name).open() : openOne(file);
      }
    }
    @Nullable Shards shards = Shards.alone(path);
    if (shards != null) {
      return shards.open();
    }
    throw new CheckpointException(
        String.format(
            Locale.ROOT,
            "%s: weights expected in %s, %s, %s or %s, got none of them; check the path",
            path,
            SINGLE,
            INDEX,
            TORCH_SINGLE,
            TORCH_INDEX));
  }

  /** Whether a folder holds weights that {@link #open} would look for, complete or not. */
  public static boolean isIn(Path folder) throws IOException {
    return NAMES.stream().anyMatch(name -> Files.exists(folder.resolve(name)))
        || Shards.isIn(folder);
  }

  /**
   * This checkpoint laid over another whose tensors have the same names: tensors that are in both
   * come from this one. The result owns both checkpoints; closing it closes them.
   */
  public Checkpoint over(Checkpoint base) {
    List<TensorFile> both = new ArrayList<>(base.files);
    both.addAll(files);
    Map<String, Place> allPlaces = new HashMap<>(base.places);
    allPlaces.putAll(places);
    NavigableMap<String, TensorEntry> all = new TreeMap<>(base.tensors);
    all.putAll(tensors);
    return new Checkpoint(both, allPlaces, all);
  }

  /**
   * This checkpoint with its tensors renamed, for example as a part of a larger model. The result
   * owns the files; close either.
   *
   * @param names the new name of each tensor, or empty to leave the tensor out
   * @throws CheckpointException if two tensors get the same name
   */
  public Checkpoint renamed(Function<String, Optional<String>> names) throws CheckpointException {
    return renamed(names, UnaryOperator.identity());
  }

  /**
   * As {@link #renamed(Function)}, with the way back for messages.
   *
   * @param original the name in this checkpoint of a tensor that has a new name and is missing
   * @throws CheckpointException if two tensors get the same name
   */
  public Checkpoint renamed(
      Function<String, Optional<String>> names, UnaryOperator<String> original)
      throws CheckpointException {
    Map<String, Place> newPlaces = new HashMap<>();
    NavigableMap<String, TensorEntry> renamed = new TreeMap<>();
    for (Map.Entry<String, TensorEntry> each : tensors.entrySet()) {
      @Nullable String name = names.apply(each.getKey()).orElse(null);
      if (name != null) {
        newPlaces.put(name, placeOf(each.getKey()));
        if (renamed.put(name, each.getValue().withName(name)) != null) {
          throw new CheckpointException(
              String.format(
                  Locale.ROOT,
                  "%s: one tensor expected as %s, got two; write the file anew",
                  each.getValue().fileName(),
                  name));
        }
      }
    }
    return new Checkpoint(files, newPlaces, renamed, name -> spelling.apply(original.apply(name)));
  }

  /** The name of a tensor in its file, or, if it is missing, the name that it would have there. */
  public String nameInFile(String name) {
    @Nullable Place place = places.get(name);
    return place == null ? spelling.apply(name) : place.name;
  }

  /** Every tensor by its name in the checkpoint, sorted; unmodifiable. */
  public NavigableMap<String, TensorEntry> tensors() {
    return tensors;
  }

  /**
   * The element type of a tensor in its file, as safetensors spells it. {@link #tensors} has the
   * type that is read, which is {@code F32} for a quantized weight.
   *
   * @throws CheckpointException if there is no such tensor
   */
  public String storedType(String name) throws CheckpointException {
    Place place = placeOf(name);
    return place.file.storedType(place.name);
  }

  /**
   * Fills the buffer's remaining bytes from part of a tensor, little-endian.
   *
   * @param byteOffset where to start, counted from the tensor's first byte
   * @throws CheckpointException if there is no such tensor or it is of an unknown type
   * @throws IllegalArgumentException if the part reaches outside the tensor
   */
  public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
    Place place = placeOf(name);
    place.file.read(place.name, byteOffset, into);
  }

  /**
   * Reads a whole tensor into the buffer's remaining bytes, little-endian.
   *
   * @throws CheckpointException if there is no such tensor or it is of an unknown type
   * @throws IllegalArgumentException if the buffer's remaining size differs from the tensor's
   */
  public void read(String name, ByteBuffer into) throws IOException {
    Place place = placeOf(name);
    place.file.read(place.name, into);
  }

  /**
   * The metadata of the files, such as safetensors' {@code __metadata__}. If two files have the
   * same key, the last file's value is returned. PyTorch files have no metadata. Unmodifiable.
   */
  public NavigableMap<String, String> metadata() {
    NavigableMap<String, String> metadata = new TreeMap<>();
    files.forEach(file -> metadata.putAll(file.metadata()));
    return Collections.unmodifiableNavigableMap(metadata);
  }

  /**
   * The other contents of PyTorch files, as {@code optimizer -> a dict of 2}; see {@link
   * TorchFile#passedOver}. Unmodifiable.
   */
  public NavigableMap<String, String> passedOver() {
    NavigableMap<String, String> passedOver = new TreeMap<>();
    files.forEach(file -> passedOver.putAll(file.passedOver()));
    return Collections.unmodifiableNavigableMap(passedOver);
  }

  /**
   * The sum, minimum and maximum of a tensor, computed in pieces.
   *
   * @throws CheckpointException if there is no such tensor, it can't be read, or its type is
   *     complex or packed
   */
  public TensorSummary summary(String name) throws IOException {
    Place place = placeOf(name);
    return TensorSummary.of(
        place.entry(), (at, into) -> place.file.readStored(place.entry(), at, into));
  }

  /** Whether two tensors are equal in type, shape and every byte; false if either is missing. */
  public boolean sameBytes(String first, String second) throws IOException {
    @Nullable Place one = places.get(first);
    @Nullable Place other = places.get(second);
    return one != null && other != null && sameBytes(one, other);
  }

  static boolean sameBytes(Place first, Place second) throws IOException {
    TensorEntry one = first.entry();
    TensorEntry other = second.entry();
    if (!one.dtypeName().equals(other.dtypeName())
        || !one.shape().equals(other.shape())
        || one.byteSize() != other.byteSize()
        || UnreadableTensor.explain(one.dtypeName()) != null) {
      return false;
    }
    for (long at = 0; at < one.byteSize(); at += COMPARED_BYTES) {
      int count = (int) Math.min(COMPARED_BYTES, one.byteSize() - at);
      if (!bytes(first, at, count).equals(bytes(second, at, count))) {
        return false;
      }
    }
    return true;
  }

  private static ByteBuffer bytes(Place place, long at, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    place.file.readStored(place.entry(), at, bytes);
    return bytes.flip();
  }

  /** Closes every file. */
  @Override
  public void close() throws IOException {
    OpenResources.closeAll(files.stream().map(file -> (Closeable) file::close).toList());
  }

  private Place placeOf(String name) throws CheckpointException {
    @Nullable Place place = places.get(name);
    if (place == null) {
      throw new CheckpointException(
          String.format(Locale.ROOT, "checkpoint: tensor %s is missing", name));
    }
    return place;
  }

  private static Checkpoint openOne(Path path) throws IOException {
    TensorFile file = TensorFiles.open(path);
    Map<String, Place> places = new HashMap<>();
    file.tensors().keySet().forEach(name -> places.put(name, new Place(file, name)));
    return new Checkpoint(List.of(file), places, file.tensors());
  }

  /** A checkpoint of open files, which it owns. */
  static Checkpoint of(Collection<TensorFile> files, Map<String, Place> places)
      throws CheckpointException {
    NavigableMap<String, TensorEntry> tensors = new TreeMap<>();
    for (Map.Entry<String, Place> each : places.entrySet()) {
      tensors.put(each.getKey(), each.getValue().entry());
    }
    return new Checkpoint(files, places, tensors);
  }
}
