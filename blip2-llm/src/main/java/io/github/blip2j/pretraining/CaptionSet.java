package io.github.blip2j.pretraining;

import io.github.blip2j.data.CaptionFile;
import io.github.blip2j.data.CaptionRecord;
import io.github.blip2j.data.DataException;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.data.loading.Mixture;
import io.github.blip2j.data.shard.ShardNames;
import io.github.blip2j.data.shard.ShardSet;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.pretraining.features.ImageList;
import io.github.blip2j.pretraining.source.CaptionSource;
import io.github.blip2j.pretraining.source.DataArgument;
import io.github.blip2j.pretraining.source.FolderSource;
import io.github.blip2j.pretraining.source.JoinedImages;
import io.github.blip2j.pretraining.source.ShardSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A set of captions with their images: files of records and the folder with the images, shards, or
 * several sets that are mixed. Records of files are in memory, those of shards and all images are
 * not.
 *
 * <p>Missing images are found at once, damaged ones when their batch is read.
 */
public final class CaptionSet {
  private final List<CaptionSource> sources;
  private final Mixture mixture;
  private final Faulty faulty;

  /** The treatment of images that are missing or damaged. */
  public enum Faulty {
    /** Refuse them, and name them. */
    REFUSE,
    /** Leave them out, and count them. */
    SKIP
  }

  private CaptionSet(List<CaptionSource> sources, Mixture mixture, Faulty faulty) {
    this.sources = List.copyOf(sources);
    this.mixture = mixture;
    this.faulty = faulty;
  }

  private CaptionSet(CaptionSource source, Faulty faulty) {
    this(List.of(source), Mixture.of(List.of(source)), faulty);
  }

  /**
   * Reads the captions of several files in their order; see {@link CaptionFile}.
   *
   * @param images the folder to which paths of images are relative
   * @throws DataException if a record is malformed, or images are missing and are not to be skipped
   */
  public static CaptionSet open(List<Path> files, Path images, Faulty faulty) throws IOException {
    return read(files.stream().map(DataFile::of).toList(), images, faulty);
  }

  /**
   * Reads several files in their order, as {@link #open}: those of questions with their
   * annotations, or one split of a file.
   */
  public static CaptionSet read(List<DataFile> files, Path images, Faulty faulty)
      throws IOException {
    List<CaptionRecord> records = new ArrayList<>();
    for (DataFile file : files) {
      records.addAll(CaptionFile.read(file, images));
    }
    return new CaptionSet(FolderSource.of(records, images, faulty == Faulty.SKIP), faulty);
  }

  /**
   * Opens shards: tar files with an image and its text for each sample. Headers are read at once.
   *
   * @throws DataException if a shard is missing, truncated or compressed, or a sample lacks its
   *     image or text and is not to be skipped
   */
  public static CaptionSet shards(List<Path> files, Faulty faulty) throws IOException {
    return shards(ShardSet.open(files, rule(faulty)), faulty);
  }

  private static ShardSet.Unpaired rule(Faulty faulty) {
    return faulty == Faulty.SKIP ? ShardSet.Unpaired.SKIP : ShardSet.Unpaired.REFUSE;
  }

  /** Shards that are open, such as those with another buffer to shuffle in. */
  public static CaptionSet shards(ShardSet set, Faulty faulty) {
    return new CaptionSet(new ShardSource(set), faulty);
  }

  /**
   * Sets that are mixed in proportion to weights; see {@link Mixture}. Faulty images are treated as
   * in the first one.
   *
   * @param weights one for each set, or none if each record is to come once in an epoch
   * @throws IllegalArgumentException if weights are missing, not positive, or too small for a set
   */
  public static CaptionSet mixed(List<CaptionSet> sets, List<Double> weights) {
    List<CaptionSource> sources = new ArrayList<>();
    for (CaptionSet each : sets) {
      if (each.sources.size() != 1) {
        throw new IllegalArgumentException("data: sets expected to be mixed once, got a mixture");
      }
      sources.addAll(each.sources);
    }
    Mixture mixture = weights.isEmpty() ? Mixture.of(sources) : Mixture.of(sources, weights);
    return new CaptionSet(sources, mixture, sets.get(0).faulty);
  }

  /**
   * Opens data sets as a user names them, separated by commas: files, {@code
   * QUESTIONS+ANNOTATIONS}, a file's {@code @SPLIT}, shards with braces, and a {@code :WEIGHT}
   * behind each or behind none. Files without weights are one set.
   *
   * @param images the folder of the files' images
   * @param buffer from how many samples of shards the next one is drawn
   * @throws IllegalArgumentException if a name is malformed, some have a weight and others none, or
   *     the buffer is less than 1
   * @throws DataException as for {@link #open} and {@link #shards(List, Faulty)}
   */
  public static CaptionSet parse(String names, Path images, Faulty faulty, int buffer)
      throws IOException {
    List<CaptionSet> sets = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    List<DataFile> plain = new ArrayList<>();
    List<Path> shards = new ArrayList<>();
    for (DataArgument each : DataArgument.parseAll(names)) {
      @Nullable Double weight = each.weight();
      if (weight != null) {
        weights.add(weight);
      }
      if (each.isShards()) {
        List<Path> files = ShardNames.expand(each.name()).stream().map(PathName::typed).toList();
        shards.addAll(files);
        ShardSet.requireOnce(shards);
        sets.add(shards(ShardSet.open(files, rule(faulty)).withBuffer(buffer), faulty));
      } else if (weight != null) {
        sets.add(read(List.of(DataFile.parse(each.name())), images, faulty));
      } else {
        plain.add(DataFile.parse(each.name()));
      }
    }
    if (!plain.isEmpty()) {
      sets.add(0, read(plain, images, faulty));
    }
    if (!weights.isEmpty() && weights.size() < sets.size()) {
      throw new IllegalArgumentException(
          "data: weights expected for all sets or for none, got some in " + names);
    }
    return sets.size() == 1 ? sets.get(0) : mixed(sets, weights);
  }

  /** The number of records with an image, which is also that of an epoch. */
  public int size() {
    return mixture.size();
  }

  /** The number of records that were left out because their image is missing. */
  public int missing() {
    return sources.stream().mapToInt(CaptionSource::missing).sum();
  }

  /**
   * Whether every record has an image id, in one of the sets at least; if some of a set have none,
   * no id of that set is used.
   */
  public boolean hasImageIds() {
    return sources.stream().anyMatch(CaptionSource::hasImageIds);
  }

  /** The records that are known before their images are read. */
  List<CaptionRecord> listed() {
    return sources.size() == 1
        ? sources.get(0).listed()
        : sources.stream().flatMap(each -> each.listed().stream()).toList();
  }

  /**
   * All images, in the order of the records: files under their names in the records, those of
   * shards as {@code 000012.tar: sample 8}.
   *
   * @throws DataException if two shards in different folders have one name
   */
  public ImageList images() throws DataException {
    return JoinedImages.of(sources);
  }

  /** Opens a record. */
  CaptionSource.Opened open(Mixture.Sample sample) throws IOException {
    return sources.get(sample.set()).open(sample.index());
  }

  /** Whether a record has to be checked when it is opened, because it is not in {@link #listed}. */
  boolean isListed(Mixture.Sample sample) {
    return !sources.get(sample.set()).listed().isEmpty();
  }

  /** The name of a record in reports of damage. */
  String name(Mixture.Sample sample) {
    return sources.get(sample.set()).name(sample.index());
  }

  /** The id of a record's image among all sets. */
  String imageId(Mixture.Sample sample, CaptionRecord each) {
    boolean has = sources.get(sample.set()).hasImageIds();
    String id = has ? String.valueOf(each.imageId()) : "#" + sample.index();
    return sources.size() == 1 ? id : sample.set() + ":" + id;
  }

  /** The order of an epoch. */
  Mixture.Epoch epoch(long seed, int epoch) {
    return mixture.epoch(seed, epoch);
  }

  /** Numbers on which the order depends. */
  Map<String, Long> sizes() {
    Map<String, Long> sizes = new TreeMap<>(Map.of("records", (long) size()));
    for (int set = 0; set < sources.size(); set++) {
      String name = sources.size() == 1 ? "" : "set_" + set + "_";
      if (sources.size() > 1) {
        sizes.put(name + "records", (long) sources.get(set).size());
        sizes.put(name + "draws", (long) mixture.draws(set));
      }
      if (sources.get(set) instanceof ShardSource shards) {
        sizes.put(name + "shards", (long) shards.shards());
        sizes.put(name + "shuffle_buffer", (long) shards.buffer());
      }
    }
    return sizes;
  }

  boolean skips() {
    return faulty == Faulty.SKIP;
  }
}
