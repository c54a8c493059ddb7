package io.github.blip2j.distributed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The ranks that train one model together, each on its share of every batch: rank r of R has the
 * rows from r * B / R on. What a rank computes for its rows is what one process alone would compute
 * for them, dropout included, so that R ranks make the updates of one process. Other work, such as
 * evaluations and exports, they share by whole batches ({@link Rounds}).
 *
 * <p>Every method but {@link #rank}, {@link #size} and {@link #isFirst} is called by all ranks, in
 * the same order. Alone, they cost nothing.
 */
public final class Ranks {
  /** One process alone. */
  public static final Ranks ALONE = of(Collectives.single());

  private final Collectives collectives;
  private volatile boolean failed;

  private Ranks(Collectives collectives) {
    this.collectives = collectives;
  }

  /** All ranks of a job. */
  public static Ranks of(Collectives collectives) {
    return new Ranks(collectives);
  }

  /** What they communicate by. */
  public Collectives collectives() {
    return collectives;
  }

  /** The number of this rank, from 0 on. */
  public int rank() {
    return collectives.rank();
  }

  /** The number of ranks, at least 1. */
  public int size() {
    return collectives.size();
  }

  /** Whether there are no others. */
  public boolean areAlone() {
    return size() == 1;
  }

  /** Whether this is rank 0, which alone writes files. */
  public boolean isFirst() {
    return rank() == 0;
  }

  /**
   * The size of this rank's share of something.
   *
   * @param what for the message, such as {@code batch size}
   * @throws IllegalArgumentException if it can't be divided equally
   */
  public int share(String what, int whole) {
    if (whole % size() != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: a multiple of the %d ranks expected, got %d; choose another number of either",
              what,
              size(),
              whole));
    }
    return whole / size();
  }

  /**
   * The weight of this rank's mean over {@code count} things: the mean over the ranks of such means
   * times their weights is the mean over the things of all ranks.
   */
  public double weight(long count) {
    if (areAlone()) {
      return 1;
    }
    long[] all = {count};
    collectives.allReduce(all, Reduction.SUM);
    return all[0] == 0 ? 1 : (double) count * size() / all[0];
  }

  /** The largest value of any rank. */
  public int largest(int value) {
    if (areAlone()) {
      return value;
    }
    long[] all = {value};
    collectives.allReduce(all, Reduction.MAX);
    return Math.toIntExact(all[0]);
  }

  /** Whether it is so on any rank. */
  public boolean any(boolean here) {
    return largest(here ? 1 : 0) == 1;
  }

  /** The means over the ranks, in place. */
  public void mean(double[] values) {
    if (areAlone()) {
      return;
    }
    collectives.allReduce(values, Reduction.SUM);
    for (int i = 0; i < values.length; i++) {
      values[i] /= size();
    }
  }

  /** The parts of all ranks, of equal length, in the order of the ranks. */
  public long[] gather(long[] part) {
    if (areAlone()) {
      return part.clone();
    }
    long[] all = new long[Math.multiplyExact(size(), part.length)];
    System.arraycopy(part, 0, all, rank() * part.length, part.length);
    collectives.allReduce(all, Reduction.SUM);
    return all;
  }

  /** The text of each rank, in the order of the ranks. */
  public List<String> gather(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    long[] part = new long[largest(bytes.length) + 1];
    part[0] = bytes.length;
    for (int i = 0; i < bytes.length; i++) {
      part[i + 1] = bytes[i];
    }
    long[] all = gather(part);
    List<String> texts = new ArrayList<>();
    for (int begin = 0; begin < all.length; begin += part.length) {
      byte[] own = new byte[Math.toIntExact(all[begin])];
      for (int i = 0; i < own.length; i++) {
        own[i] = (byte) all[begin + 1 + i];
      }
      texts.add(new String(own, StandardCharsets.UTF_8));
    }
    return List.copyOf(texts);
  }

  /** The lists of all ranks, one after the other. */
  public List<String> gather(List<String> texts) {
    if (areAlone()) {
      return texts;
    }
    int count = largest(texts.size());
    List<List<String>> byRank = new ArrayList<>();
    for (int rank = 0; rank < size(); rank++) {
      byRank.add(new ArrayList<>());
    }
    long[] counts = gather(new long[] {texts.size()});
    for (int i = 0; i < count; i++) {
      List<String> all = gather(i < texts.size() ? texts.get(i) : "");
      for (int rank = 0; rank < size(); rank++) {
        if (i < counts[rank]) {
          byRank.get(rank).add(all.get(rank));
        }
      }
    }
    return byRank.stream().flatMap(List::stream).toList();
  }

  /**
   * Does something that may fail on some ranks, which then fails on all.
   *
   * @return the result of this rank
   * @throws RankException on the ranks where it did not fail, with the message of one where it did
   * @throws Exception what it throws here
   */
  public <T> T agree(Callable<T> action) throws Exception {
    if (areAlone()) {
      return action.call();
    }
    T result;
    try {
      result = action.call();
    } catch (Exception | Error e) {
      @Nullable String message = e.getMessage();
      failed(message == null || message.isBlank() ? e.toString() : message);
      throw e;
    }
    failed("");
    return result;
  }

  /** As {@link #agree}, for what reads or writes. */
  public <T extends @Nullable Object> T agreeIo(IoAction<T> action) throws IOException {
    try {
      return agree(action::run);
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) { // actions throw no others
      throw new IllegalStateException(e);
    }
  }

  /** What may fail by reading or writing. */
  @FunctionalInterface
  public interface IoAction<T extends @Nullable Object> {
    /** Does it. */
    T run() throws IOException;
  }

  /** Whether something has failed that all ranks know of, so that one of them may report it. */
  public boolean failedTogether() {
    return failed;
  }

  /** Notes that all ranks fail now, as {@link #agree} does. */
  public void failTogether() {
    failed = !areAlone(); // ALONE is shared by all that have no others
  }

  /**
   * As {@link #agree}, for what has been found out already.
   *
   * @param message what is wrong here, or an empty one
   * @throws RankException if nothing is wrong here and something on another rank
   */
  private void failed(String message) {
    if (!any(!message.isEmpty())) {
      return;
    }
    failed = true;
    List<String> all = gather(message);
    if (message.isEmpty()) {
      for (int rank = 0; rank < all.size(); rank++) {
        if (!all.get(rank).isEmpty()) {
          throw new RankException("rank " + rank + ": " + all.get(rank));
        }
      }
    }
  }

  /** The bytes of each rank, of any number, in the order of the ranks. */
  public List<byte[]> gather(byte[] bytes) {
    if (areAlone()) {
      return List.of(bytes);
    }
    long[] part = packed(bytes, largest(bytes.length));
    long[] all = gather(part);
    List<byte[]> byRank = new ArrayList<>();
    for (int begin = 0; begin < all.length; begin += part.length) {
      byRank.add(unpacked(Arrays.copyOfRange(all, begin, begin + part.length)));
    }
    return List.copyOf(byRank);
  }

  /**
   * The bytes of the first rank, on all.
   *
   * @param bytes read on the first rank alone
   */
  public byte[] ofFirst(byte[] bytes) {
    if (areAlone()) {
      return bytes;
    }
    byte[] own = isFirst() ? bytes : new byte[0];
    long[] all = packed(own, largest(own.length));
    collectives.allReduce(all, Reduction.SUM); // the others have zeros
    return unpacked(all);
  }

  /** The number of bytes, and the bytes, eight in each number. */
  private static long[] packed(byte[] bytes, int most) {
    int numbers = (most + Long.BYTES - 1) / Long.BYTES;
    ByteBuffer padded = ByteBuffer.allocate(Math.multiplyExact(numbers, Long.BYTES));
    padded.put(bytes).rewind();
    long[] packed = new long[1 + numbers];
    packed[0] = bytes.length;
    padded.asLongBuffer().get(packed, 1, numbers);
    return packed;
  }

  private static byte[] unpacked(long[] packed) {
    ByteBuffer padded = ByteBuffer.allocate((packed.length - 1) * Long.BYTES);
    padded.asLongBuffer().put(packed, 1, packed.length - 1);
    return Arrays.copyOf(padded.array(), Math.toIntExact(packed[0]));
  }

  /**
   * Checks that all ranks have the same.
   *
   * @param what for the message, such as {@code settings}
   * @throws IllegalArgumentException on all ranks, naming the first that has something else
   */
  public void requireEqual(String what, String own) {
    if (areAlone()) {
      return;
    }
    List<String> all = gather(own);
    for (int rank = 1; rank < all.size(); rank++) {
      if (!all.get(rank).equals(all.get(0))) {
        failTogether();
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "ranks: %s expected equal on all, got on rank 0 %s, and on rank %d %s; start all"
                    + " with the same files and options",
                what,
                all.get(0),
                rank,
                all.get(rank)));
      }
    }
  }
}
