package io.github.blip2j.data.shard;

import io.github.blip2j.data.DataException;
import io.github.blip2j.data.DataRecord;
import io.github.blip2j.data.ImageReference;
import io.github.blip2j.data.loading.SampleSet;
import io.github.blip2j.data.shard.ShardIndex.Member;
import io.github.blip2j.training.StepRandom;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Samples in tar files: an image, and its caption in a {@code .txt} or its record in a {@code
 * .json}, with the same name. Headers are read when the set is opened; images and texts when they
 * are asked for. Immutable and safe for many threads.
 *
 * <p>Each epoch shuffles the shards, reads them one after the other, and draws samples from a
 * buffer of the next ones, as WebDataset does. The order depends on seed and epoch alone, so any
 * place in it can be reached without reading what comes before.
 */
public final class ShardSet implements SampleSet {
  /** How many samples WebDataset's users shuffle among, more or less. */
  public static final int DEFAULT_BUFFER = 5000;

  private final List<ShardIndex> shards;
  private final int[] firsts; // number of the first sample of each shard, and of all samples
  private final int buffer;

  /** The treatment of samples that lack image or text. */
  public enum Unpaired {
    /** Refuse them, and name the first. */
    REFUSE,
    /** Leave them out, and count them. */
    SKIP
  }

  private ShardSet(List<ShardIndex> shards, int[] firsts, int buffer) {
    this.shards = shards;
    this.firsts = firsts;
    this.buffer = buffer;
  }

  /**
   * Reads the headers of shards.
   *
   * @throws DataException if a shard is missing, truncated, compressed or named twice, or a sample
   *     is there twice or, unless it is to be skipped, lacks image or text
   */
  public static ShardSet open(List<Path> files, Unpaired rule) throws IOException {
    List<ShardIndex> shards = new ArrayList<>();
    requireOnce(files);
    int[] firsts = new int[files.size() + 1];
    for (Path file : files) {
      ShardIndex shard = ShardIndex.read(file, rule);
      shards.add(shard);
      long end = (long) firsts[shards.size() - 1] + shard.size();
      if (end > Integer.MAX_VALUE) {
        throw new DataException(
            file + ": samples expected at most 2147483647 in all shards, got more");
      }
      firsts[shards.size()] = (int) end;
    }
    if (firsts[files.size()] == 0) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: samples expected at least 1 in %d shards, got none",
              files.isEmpty() ? "data" : files.get(0),
              files.size()));
    }
    return new ShardSet(List.copyOf(shards), firsts, DEFAULT_BUFFER);
  }

  /**
   * Checks that no shard is there twice, among those of several sets too.
   *
   * @throws DataException naming the first that is
   */
  public static void requireOnce(List<Path> files) throws DataException {
    Set<Path> paths = new HashSet<>();
    for (Path file : files) {
      if (!paths.add(file.toAbsolutePath().normalize())) {
        throw new DataException(file + ": shard expected once, got it again; leave one out");
      }
    }
  }

  /**
   * This set with another number of samples to draw from. 1 keeps the order within each shard.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public ShardSet withBuffer(int samples) {
    if (samples < 1) {
      throw new IllegalArgumentException(
          "shards: buffer expected at least 1 sample, got " + samples);
    }
    return new ShardSet(shards, firsts, samples);
  }

  @Override
  public int size() {
    return firsts[shards.size()];
  }

  /** The number of shards. */
  public int shards() {
    return shards.size();
  }

  /** From how many samples the next one is drawn. */
  public int buffer() {
    return buffer;
  }

  /** The number of samples that were left out because image or text is missing. */
  public int unpaired() {
    return shards.stream().mapToInt(ShardIndex::unpaired).sum();
  }

  @Override
  public int[] order(long seed, int epoch) {
    RandomGenerator random = StepRandom.ofEpoch(seed, epoch);
    int[] places = new int[shards.size()];
    for (int i = 0; i < places.length; i++) {
      int j = random.nextInt(i + 1);
      places[i] = places[j];
      places[j] = i;
    }
    int[] order = new int[size()];
    int end = 0;
    for (int shard : places) {
      for (int sample = firsts[shard]; sample < firsts[shard + 1]; sample++) {
        order[end++] = sample;
      }
    }
    // Each is drawn from the next ones: what was not drawn yet, and the sample that fills the gap.
    int[] waiting = Arrays.copyOf(order, Math.min(buffer, order.length));
    for (int i = 0; i < order.length; i++) {
      int left = Math.min(waiting.length, order.length - i);
      int drawn = random.nextInt(left);
      int next = i + waiting.length;
      int fill = next < order.length ? order[next] : waiting[left - 1];
      order[i] = waiting[drawn];
      waiting[drawn] = fill;
    }
    return order;
  }

  /**
   * Reads a sample.
   *
   * @param index 0 to {@code size() - 1}: in the shards' order as given
   * @throws DataException naming shard and sample, if its text is not UTF-8 or no record
   */
  public ShardSample read(int index) throws IOException {
    int place = shardOf(index);
    ShardIndex shard = shards.get(place);
    int sample = index - firsts[place];
    // No channel: an interrupt would close it.
    try (var bytes = new RandomAccessFile(shard.file().toFile(), "r")) {
      return read(shard, sample, bytes);
    } catch (EOFException e) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: sample %d expected where it was when the shard was opened, got the end of the"
                  + " file; leave shards alone while they are in use",
              shard.file(),
              sample + 1),
          e);
    }
  }

  private static ShardSample read(ShardIndex shard, int sample, RandomAccessFile bytes)
      throws IOException {
    String key = shard.key(bytes, sample);
    String where = "sample " + key;
    String name = shard.file().getFileName() + ": " + key;
    String id = shard.file() + ": sample " + (sample + 1); // keys may be cut
    var image = new ImageReference(List.of(name), id, null, null);
    var record = new DataRecord(image, List.of());
    if (shard.has(sample, Member.JSON)) {
      String json = text(shard, where, shard.read(bytes, sample, Member.JSON));
      record = DataRecord.fromJson(shard.file().toString(), where + ".json", json, image);
    }
    if (record.captions().isEmpty() && record.question() == null && record.dialogue() == null) {
      if (!shard.has(sample, Member.TEXT)) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: %s: caption expected in its .json, or a .txt, got neither",
                shard.file(),
                where));
      }
      String caption = text(shard, where, shard.read(bytes, sample, Member.TEXT)).strip();
      record = new DataRecord(record.image(), List.of(caption));
    }
    return new ShardSample(name, record, shard.read(bytes, sample, Member.IMAGE));
  }

  /** The place of a sample, as in {@code 000012.tar: sample 8}, without reading it. */
  public String name(int index) {
    int place = shardOf(index);
    return shards.get(place).file().getFileName() + ": sample " + (index - firsts[place] + 1);
  }

  /** The size of a sample's image file, without reading it. */
  public long imageBytes(int index) {
    int place = shardOf(index);
    return shards.get(place).length(index - firsts[place], Member.IMAGE);
  }

  private int shardOf(int index) {
    int found = Arrays.binarySearch(firsts, index);
    int place = found >= 0 ? found : -found - 2;
    while (shards.get(place).size() == 0) { // shards without samples share their first number
      place++;
    }
    return place;
  }

  private static String text(ShardIndex shard, String where, byte[] bytes) throws DataException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new DataException(
          String.format(
              Locale.ROOT, "%s: %s: text expected UTF-8, got other bytes", shard.file(), where),
          e);
    }
  }
}
