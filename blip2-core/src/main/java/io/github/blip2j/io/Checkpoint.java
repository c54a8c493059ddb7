package io.github.blip2j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a model: a file, or a folder with one file or with shards behind an index, of
 * safetensors or of PyTorch. Every shard is opened and checked at once, so that what is missing is
 * known before the first read; reads are safe from any number of threads.
 */
public final class Checkpoint implements AutoCloseable {
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";
  private static final String TORCH_SINGLE = "pytorch_model.bin";
  private static final String TORCH_INDEX = "pytorch_model.bin.index.json";
  private static final List<String> NAMES = List.of(SINGLE, INDEX, TORCH_SINGLE, TORCH_INDEX);
  private static final String WEIGHT_MAP = "weight_map";
  private static final int COMPARED_BYTES = 1 << 20;
  private static final int NAMES_IN_MESSAGE = 8;

  /** The file that a tensor lies in, and what it is called there. */
  private record Place(TensorFile file, String name) {}

  private final Collection<TensorFile> files;
  private final Map<String, Place> places; // by tensor
  private final NavigableMap<String, TensorEntry> tensors;

  private Checkpoint(
      Collection<TensorFile> files,
      Map<String, Place> places,
      NavigableMap<String, TensorEntry> tensors) {
    this.files = List.copyOf(files);
    this.places = places;
    this.tensors = Collections.unmodifiableNavigableMap(tensors);
  }

  /**
   * Opens a file, or a folder that holds {@code model.safetensors}, {@code
   * model.safetensors.index.json}, {@code pytorch_model.bin} or {@code
   * pytorch_model.bin.index.json}; the first of these wins, as it does in Python. A file is
   * safetensors if it is called so, and else one of {@code torch.save}; see {@link TorchFile}.
   *
   * @throws CheckpointException if there is nothing of that name, it holds no weights that can be
   *     read, or shards and index disagree
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
        return name.endsWith(".json") ? openShards(path, name) : openOne(file);
      }
    }
    throw new CheckpointException(
        "%s: weights expected in %s, %s, %s or %s, got none of them; check the path"
            .formatted(path, SINGLE, INDEX, TORCH_SINGLE, TORCH_INDEX));
  }

  /** Whether a folder holds weights that {@link #open} would look for, whole or not. */
  public static boolean isIn(Path folder) {
    return NAMES.stream().anyMatch(name -> Files.exists(folder.resolve(name)));
  }

  /**
   * This checkpoint laid over another whose tensors are named alike: what is stored here wins, the
   * rest comes from {@code base}. The result owns both, and closing it closes them.
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
   * This checkpoint with other names for its tensors, such as those they have where it becomes a
   * part of something larger. The result owns the files; close either.
   *
   * @param names the new name of each tensor, or nothing for one that is left out
   * @throws CheckpointException if two tensors get one name
   */
  public Checkpoint renamed(Function<String, Optional<String>> names) throws CheckpointException {
    Map<String, Place> newPlaces = new HashMap<>();
    NavigableMap<String, TensorEntry> renamed = new TreeMap<>();
    for (Map.Entry<String, TensorEntry> each : tensors.entrySet()) {
      @Nullable String name = names.apply(each.getKey()).orElse(null);
      if (name != null) {
        newPlaces.put(name, placeOf(each.getKey()));
        if (renamed.put(name, each.getValue().withName(name)) != null) {
          throw new CheckpointException(
              "%s: one tensor expected as %s, got two; write the file anew"
                  .formatted(each.getValue().fileName(), name));
        }
      }
    }
    return new Checkpoint(files, newPlaces, renamed);
  }

  /** Every tensor by its name in the checkpoint, sorted; unmodifiable. */
  public NavigableMap<String, TensorEntry> tensors() {
    return tensors;
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
   * @throws IllegalArgumentException if the buffer's remaining bytes are not the tensor's
   */
  public void read(String name, ByteBuffer into) throws IOException {
    Place place = placeOf(name);
    place.file.read(place.name, into);
  }

  /**
   * Whether two tensors are stored alike, in type, shape and every byte; false if one is missing.
   */
  public boolean sameBytes(String first, String second) throws IOException {
    @Nullable TensorEntry one = tensors.get(first);
    @Nullable TensorEntry other = tensors.get(second);
    if (one == null
        || other == null
        || !one.dtypeName().equals(other.dtypeName())
        || !one.shape().equals(other.shape())) {
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

  private ByteBuffer bytes(String name, long at, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    read(name, at, bytes);
    return bytes.flip();
  }

  /** Closes every file. */
  @Override
  public void close() throws IOException {
    closeAll(files);
  }

  private Place placeOf(String name) throws CheckpointException {
    @Nullable Place place = places.get(name);
    if (place == null) {
      throw new CheckpointException("checkpoint: tensor %s is missing".formatted(name));
    }
    return place;
  }

  private static Checkpoint openOne(Path path) throws IOException {
    TensorFile file = TensorFile.open(path);
    Map<String, Place> places = new HashMap<>();
    file.tensors().keySet().forEach(name -> places.put(name, new Place(file, name)));
    return new Checkpoint(List.of(file), places, file.tensors());
  }

  private static Checkpoint openShards(Path folder, String index) throws IOException {
    NavigableMap<String, String> shardOf = shardOf(folder, index);
    requireShards(folder, shardOf);
    Map<String, TensorFile> files = new HashMap<>();
    boolean opened = false;
    try {
      for (String shard : new TreeSet<>(shardOf.values())) {
        files.put(shard, TensorFile.open(folder.resolve(shard)));
      }
      NavigableMap<String, TensorEntry> tensors = collect(index, shardOf, files);
      Map<String, Place> places = new HashMap<>();
      for (Map.Entry<String, String> each : shardOf.entrySet()) {
        @Nullable TensorFile shard = files.get(each.getValue());
        if (shard != null) {
          places.put(each.getKey(), new Place(shard, each.getKey()));
        }
      }
      var result = new Checkpoint(files.values(), places, tensors);
      opened = true;
      return result;
    } finally {
      if (!opened) {
        closeAll(files.values());
      }
    }
  }

  private static NavigableMap<String, String> shardOf(Path folder, String index)
      throws IOException {
    ConfigJson weightMap = ConfigJson.read(folder.resolve(index)).child(WEIGHT_MAP);
    NavigableMap<String, String> shardOf = new TreeMap<>();
    for (String tensor : weightMap.keys()) {
      String shard = weightMap.stringAt(tensor);
      if (!isPlainFileName(shard)) {
        throw new CheckpointException(
            "%s: %s.%s expected a file name within the folder, got \"%s\""
                .formatted(index, WEIGHT_MAP, tensor, shard));
      }
      shardOf.put(tensor, shard);
    }
    return shardOf;
  }

  /** An index comes from strangers: it must not reach for files elsewhere. */
  private static boolean isPlainFileName(String name) {
    boolean odd = name.chars().anyMatch(c -> c < ' ' || c == '/' || c == '\\' || c == ':');
    return !odd && !name.isBlank() && !name.equals(".") && !name.equals("..");
  }

  private static void requireShards(Path folder, NavigableMap<String, String> shardOf)
      throws CheckpointException {
    List<String> missing =
        new TreeSet<>(shardOf.values())
            .stream().filter(shard -> !Files.isRegularFile(folder.resolve(shard))).toList();
    if (!missing.isEmpty()) {
      throw new CheckpointException(
          "%s: %d shards missing (%s); copy the folder again"
              .formatted(folder, missing.size(), abbreviate(missing)));
    }
  }

  /**
   * What the index promises, from where it promises it; other tensors in the shards don't count.
   */
  private static NavigableMap<String, TensorEntry> collect(
      String index, NavigableMap<String, String> shardOf, Map<String, TensorFile> files)
      throws CheckpointException {
    NavigableMap<String, TensorEntry> tensors = new TreeMap<>();
    List<String> missing = new ArrayList<>();
    shardOf.forEach(
        (name, shard) -> {
          @Nullable TensorFile file = files.get(shard);
          @Nullable TensorEntry entry = file == null ? null : file.tensors().get(name);
          if (entry == null) {
            missing.add(name + " in " + shard);
          } else {
            tensors.put(name, entry);
          }
        });
    if (!missing.isEmpty()) {
      throw new CheckpointException(
          "%s: %d tensors missing from their shards (%s); copy the folder again"
              .formatted(index, missing.size(), abbreviate(missing)));
    }
    return tensors;
  }

  private static String abbreviate(List<String> names) {
    String shown = String.join(", ", names.subList(0, Math.min(NAMES_IN_MESSAGE, names.size())));
    return names.size() <= NAMES_IN_MESSAGE ? shown : shown + ", ...";
  }

  private static void closeAll(Collection<TensorFile> files) throws IOException {
    for (TensorFile file : files) {
      file.close();
    }
  }
}
