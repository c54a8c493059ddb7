package io.github.blip2j.distributed;

import io.github.blip2j.tensor.types.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * One rank's part in an operation of all ranks, for those who implement {@link HostCollectives}.
 *
 * @param kind of operation
 * @param reduction of {@link Kind#ALL_REDUCE} and {@link Kind#REDUCE_SCATTER}; otherwise SUM,
 *     without a meaning
 * @param dtype of the elements
 * @param count number of elements: of all of it, or of one rank's part if the operation has parts
 * @param root the rank that has the values of {@link Kind#BROADCAST}; otherwise 0
 * @param source address in this machine's memory of what is read
 * @param target address of what is written; the same as {@code source} in place
 * @param owners of the memory, kept alive until the operation ends
 */
public record CollectiveCall(
    Kind kind,
    Reduction reduction,
    DType dtype,
    long count,
    int root,
    long source,
    long target,
    List<Object> owners) {
  /** What is done. */
  public enum Kind {
    /** {@code count} elements in place. */
    ALL_REDUCE("allReduce"),
    /** {@code count} elements of FLOAT32 in place, which travel as {@link PackedBfloat16}. */
    BFLOAT16_SUM("sum in bfloat16"),
    /** {@code count} elements at the source, {@code size * count} at the target. */
    ALL_GATHER("allGather"),
    /** {@code size * count} elements at the source, {@code count} at the target. */
    REDUCE_SCATTER("reduceScatter"),
    /** {@code count} elements in place. */
    BROADCAST("broadcast"),
    /** No memory. */
    BARRIER("barrier"),
    /** No memory; nothing follows. */
    CLOSE("close");

    private final String title;

    Kind(String title) {
      this.title = title;
    }

    @Override
    public String toString() {
      return title;
    }
  }

  private static final List<Kind> KINDS = List.of(Kind.values());
  private static final List<Reduction> REDUCTIONS = List.of(Reduction.values());
  private static final List<DType> DTYPES = List.of(DType.values());

  /** The number of longs in a signature. */
  public static final int SIGNATURE = 5;

  /** Copies the list of owners. */
  public CollectiveCall {
    owners = List.copyOf(owners);
  }

  /** A call without memory. */
  static CollectiveCall of(Kind kind) {
    return new CollectiveCall(kind, Reduction.SUM, DType.UINT8, 0, 0, 0, 0, List.of());
  }

  /** A call on memory that is read and written. */
  static CollectiveCall inPlace(
      Kind kind, Reduction reduction, DType dtype, long count, int root, long at, Object owner) {
    return new CollectiveCall(kind, reduction, dtype, count, root, at, at, List.of(owner));
  }

  /** What must be the same on all ranks, in {@link #SIGNATURE} numbers. */
  public long[] signature() {
    return new long[] {
      KINDS.indexOf(kind), REDUCTIONS.indexOf(reduction), DTYPES.indexOf(dtype), count, root
    };
  }

  /** The call, for messages, such as {@code allReduce SUM of 25 FLOAT32}. */
  public String describe() {
    return describe(signature());
  }

  private static String describe(long[] signature) {
    Kind kind = KINDS.get((int) signature[0]);
    String what =
        String.format(Locale.ROOT, "of %d %s", signature[3], DTYPES.get((int) signature[2]));
    return switch (kind) {
      case ALL_REDUCE, REDUCE_SCATTER ->
          kind + " " + REDUCTIONS.get((int) signature[1]) + " " + what;
      case ALL_GATHER, BFLOAT16_SUM -> kind + " " + what;
      case BROADCAST -> kind + " " + what + " from rank " + signature[4];
      case BARRIER, CLOSE -> kind.toString();
    };
  }

  /**
   * What is wrong if ranks call different things; null if they do not.
   *
   * @param signatures of the ranks one after the other, {@link #SIGNATURE} numbers each
   * @param name of a rank, for the message
   */
  public static @Nullable String mismatch(long[] signatures, IntFunction<String> name) {
    long[] first = signatureAt(signatures, 0);
    for (int rank = 1; rank * SIGNATURE < signatures.length; rank++) {
      long[] other = signatureAt(signatures, rank);
      if (!Arrays.equals(first, other)) {
        return String.format(
            Locale.ROOT,
            "collectives: the same call expected on all ranks, got %s on %s and %s on %s",
            describe(first),
            name.apply(0),
            describe(other),
            name.apply(rank));
      }
    }
    return null;
  }

  private static long[] signatureAt(long[] signatures, int rank) {
    return Arrays.copyOfRange(signatures, rank * SIGNATURE, (rank + 1) * SIGNATURE);
  }
}
