package io.github.blip2j.mpi;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.github.blip2j.distributed.CollectiveCall;
import io.github.blip2j.distributed.PackedBfloat16;
import org.jspecify.annotations.Nullable;

/**
 * Sums of numbers that travel as bfloat16, a type that MPI does not have. Every rank sums one part
 * of the numbers: it gets that part from all ranks, and then all ranks get its sum. A rank sends 2
 * (R - 1) / R times the bytes of its packed numbers, as in MPI's own reductions.
 */
final class MpiBfloat16Sums {
  private final MpiSession session;
  private final int most;
  private @Nullable Memory own; // packed numbers of this rank; then sums of all ranks
  private @Nullable Memory others; // this rank's part of the numbers, from each rank

  /**
   * Sums of a session.
   *
   * @param most bytes in one call of MPI
   */
  MpiBfloat16Sums(MpiSession session, int most) {
    this.session = session;
    this.most = most;
  }

  /** Makes a sum together with the other ranks, in pieces as large as those of a reduction. */
  void make(CollectiveCall call) {
    long piece = Math.min(most, MpiSession.PIECE) / Short.BYTES;
    for (long done = 0; done < call.count(); done += piece) {
      int count = (int) Math.min(piece, call.count() - done);
      sum(call.describe(), call.target() + done * Float.BYTES, count);
    }
  }

  private void sum(String what, long at, int count) {
    int part = part(count);
    int bytes = (int) PackedBfloat16.bytes(part);
    int ranks = session.size();
    own = atLeast((long) bytes * ranks, own);
    others = atLeast((long) bytes * ranks, others);
    long packed = Pointer.nativeValue(own);
    long received = Pointer.nativeValue(others);
    for (int rank = 0; rank < ranks; rank++) {
      PackedBfloat16.pack(
          at + (long) rank * part * Float.BYTES,
          length(rank, part, count),
          packed + (long) rank * bytes);
    }
    session.allToAll(what, packed, received, bytes);
    long[] sources = new long[ranks];
    for (int rank = 0; rank < ranks; rank++) {
      sources[rank] = received + (long) rank * bytes;
    }
    int here = session.rank();
    PackedBfloat16.sum(sources, length(here, part, count), packed + (long) here * bytes);
    session.allGather(what, packed, bytes);
    for (int rank = 0; rank < ranks; rank++) {
      PackedBfloat16.unpack(
          packed + (long) rank * bytes,
          length(rank, part, count),
          at + (long) rank * part * Float.BYTES);
    }
  }

  /** The numbers of a part: all but the last ones are of one length, an even one. */
  private int part(int count) {
    int pair = 2 * session.size();
    return (count + pair - 1) / pair * 2;
  }

  private static int length(int rank, int part, int count) {
    return (int) Math.max(0, Math.min(part, count - (long) rank * part));
  }

  private static Memory atLeast(long bytes, @Nullable Memory memory) {
    return memory != null && memory.size() >= bytes ? memory : new Memory(bytes);
  }
}
