package io.github.blip2j.mpi;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.github.blip2j.distributed.CollectiveCall;
import io.github.blip2j.distributed.CollectivesException;
import io.github.blip2j.distributed.Launcher;
import io.github.blip2j.distributed.Reduction;
import io.github.blip2j.tensor.types.DType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * MPI between its start and its end, on one thread.
 *
 * <p>All operations are the nonblocking ones, and this thread asks for their end and sleeps in
 * between. MPI's blocking functions poll: a rank that waits for a slower one then takes a core from
 * its own backward pass, and with more ranks than cores, from the one that it waits for.
 */
final class MpiSession {
  /** Elements in one call of MPI, whose counts are ints. */
  static final int MOST = 1 << 30;

  /** Bytes of a reduction in one call: libraries are slower beyond it, up to three times. */
  static final long PIECE = 25L << 20;

  private static final int HOST = 256; // bytes of a name
  private static final int SPINS = 50; // polls before it sleeps: small operations end meanwhile
  private static final long PAUSE = 50_000; // nanoseconds

  private final MpiFamily family;
  private final MpiFamily.Handles handles;
  private final int most;
  private final Duration limit;
  private final AtomicInteger aborting;
  private final MpiBfloat16Sums sums;
  private final Memory request = new Memory(Long.BYTES);
  private final Memory number = new Memory(Long.BYTES);
  private int rank;
  private int size;
  private List<String> hosts = List.of();

  /**
   * A session that has not started.
   *
   * @param most elements in one call of MPI
   * @param limit how long an operation waits for other ranks; zero for no limit
   * @param aborting the code with which this rank is to abort, also while it waits; 0 if it is not
   */
  MpiSession(MpiLibrary library, int most, Duration limit, AtomicInteger aborting) {
    this.family = library.family();
    this.handles = library.family().handles(library.library());
    this.most = most;
    this.limit = limit;
    this.aborting = aborting;
    this.sums = new MpiBfloat16Sums(this, most);
  }

  /**
   * Starts MPI and meets the other ranks.
   *
   * @throws IllegalStateException if the launcher started others that MPI does not find, or the
   *     library is not what it seems
   */
  void start(MpiLibrary library, Optional<Launcher> launcher) {
    MpiFunctions.bind(library);
    library.chooseReductions();
    check("MPI_Init_thread", MpiFunctions.MPI_Init_thread(null, null, family.funneled(), number));
    if (number.getInt(0) < family.funneled()) {
      throw new IllegalStateException(
          "mpi: threads expected to be allowed beside MPI's, got a library without threads: "
              + library);
    }
    MpiFunctions.MPI_Comm_set_errhandler(handles.world(), handles.errorsReturn());
    check("MPI_Comm_rank", MpiFunctions.MPI_Comm_rank(handles.world(), number));
    rank = number.getInt(0);
    check("MPI_Comm_size", MpiFunctions.MPI_Comm_size(handles.world(), number));
    size = number.getInt(0);
    if (launcher.isPresent() && launcher.get().size() > size) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "mpi: %d processes expected, as this one was started as %s, got %d by %s; the mpirun"
                  + " must be that of the library",
              launcher.get().size(),
              launcher.get(),
              size,
              library));
    }
    requireSizes(library);
    hosts = gatherHosts();
  }

  int rank() {
    return rank;
  }

  int size() {
    return size;
  }

  /** A rank for messages, such as {@code rank 1 (node7)}. */
  String name(int of) {
    return "rank " + of + " (" + hosts.get(of) + ")";
  }

  /** Whether the constants are those of this library: another would compute nonsense, or crash. */
  private void requireSizes(MpiLibrary library) {
    for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64, DType.INT64, DType.UINT8)) {
      check("MPI_Type_size", MpiFunctions.MPI_Type_size(type(dtype), number));
      if (number.getInt(0) != dtype.byteSize()) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "mpi: %s expected of %d bytes, got %d of %s; it is not of the family %s",
                dtype,
                dtype.byteSize(),
                number.getInt(0),
                library,
                family.title()));
      }
    }
  }

  private List<String> gatherHosts() {
    try (Memory own = new Memory(HOST);
        Memory all = new Memory((long) HOST * size)) {
      own.clear();
      check("MPI_Get_processor_name", MpiFunctions.MPI_Get_processor_name(own, number));
      allGather("start", Pointer.nativeValue(own), Pointer.nativeValue(all), HOST);
      String[] names = new String[size];
      for (int of = 0; of < size; of++) {
        byte[] name = all.getByteArray((long) of * HOST, HOST);
        names[of] = new String(name, StandardCharsets.UTF_8).split("\0", 2)[0];
      }
      return List.of(names);
    }
  }

  /**
   * Makes an operation together with the other ranks.
   *
   * @throws CollectivesException if they make another one, or MPI fails
   */
  void make(CollectiveCall call) {
    requireSame(call);
    DType dtype = call.dtype();
    long bytes = call.count() * dtype.byteSize();
    switch (call.kind()) {
      case ALL_REDUCE -> allReduce(call);
      case BFLOAT16_SUM -> sums.make(call);
      case ALL_GATHER -> allGather(call, bytes);
      case REDUCE_SCATTER -> reduceScatter(call);
      case BROADCAST -> broadcast(call.describe(), call.target(), bytes, call.root());
      case BARRIER -> {} // all are here
      case CLOSE -> check("MPI_Finalize", MpiFunctions.MPI_Finalize());
    }
  }

  /** Every rank learns what all others call, so no rank waits for another that does not come. */
  private void requireSame(CollectiveCall call) {
    long bytes = (long) CollectiveCall.SIGNATURE * Long.BYTES;
    try (Memory own = new Memory(bytes);
        Memory all = new Memory(bytes * size)) {
      own.write(0, call.signature(), 0, CollectiveCall.SIGNATURE);
      allGather(call.describe(), Pointer.nativeValue(own), Pointer.nativeValue(all), (int) bytes);
      @Nullable String mismatch =
          CollectiveCall.mismatch(all.getLongArray(0, CollectiveCall.SIGNATURE * size), this::name);
      if (mismatch != null) {
        throw new CollectivesException(mismatch);
      }
    }
  }

  private void allReduce(CollectiveCall call) {
    int width = call.dtype().byteSize();
    long piece = Math.min(most, PIECE / width);
    for (long done = 0; done < call.count(); done += piece) {
      check(
          "MPI_Iallreduce",
          MpiFunctions.MPI_Iallreduce(
              family.inPlace(),
              call.target() + done * width,
              (int) Math.min(piece, call.count() - done),
              type(call.dtype()),
              op(call.reduction()),
              handles.world(),
              request));
      await(call.describe());
    }
  }

  private void allGather(CollectiveCall call, long bytes) {
    if (bytes * size <= most) {
      allGather(call.describe(), call.source(), call.target(), (int) bytes);
      return;
    }
    copy(call.source(), call.target() + rank * bytes, bytes);
    for (int root = 0; root < size; root++) {
      broadcast(call.describe(), call.target() + root * bytes, bytes, root);
    }
  }

  /** Gathers a part of each rank. */
  private void allGather(String what, long source, long target, int bytes) {
    check(
        "MPI_Iallgather",
        MpiFunctions.MPI_Iallgather(
            source,
            bytes,
            handles.bytes(),
            target,
            bytes,
            handles.bytes(),
            handles.world(),
            request));
    await(what);
  }

  /** Gathers a part of each rank, which lies in its place in the whole already. */
  void allGather(String what, long whole, int bytes) {
    allGather(what, family.inPlace(), whole, bytes);
  }

  /** Sends each rank its part, and has those that all ranks have for this one. */
  void allToAll(String what, long source, long target, int bytes) {
    check(
        "MPI_Ialltoall",
        MpiFunctions.MPI_Ialltoall(
            source,
            bytes,
            handles.bytes(),
            target,
            bytes,
            handles.bytes(),
            handles.world(),
            request));
    await(what);
  }

  private void reduceScatter(CollectiveCall call) {
    int width = call.dtype().byteSize();
    if (call.count() * size <= most) {
      check(
          "MPI_Ireduce_scatter_block",
          MpiFunctions.MPI_Ireduce_scatter_block(
              call.source(),
              call.target(),
              (int) call.count(),
              type(call.dtype()),
              op(call.reduction()),
              handles.world(),
              request));
      await(call.describe());
      return;
    }
    for (int root = 0; root < size; root++) {
      for (long done = 0; done < call.count(); done += most) {
        check(
            "MPI_Ireduce",
            MpiFunctions.MPI_Ireduce(
                call.source() + (root * call.count() + done) * width,
                call.target() + done * width,
                (int) Math.min(most, call.count() - done),
                type(call.dtype()),
                op(call.reduction()),
                root,
                handles.world(),
                request));
        await(call.describe());
      }
    }
  }

  private void broadcast(String what, long at, long bytes, int root) {
    for (long done = 0; done < bytes; done += most) {
      check(
          "MPI_Ibcast",
          MpiFunctions.MPI_Ibcast(
              at + done,
              (int) Math.min(most, bytes - done),
              handles.bytes(),
              root,
              handles.world(),
              request));
      await(what);
    }
  }

  private static void copy(long source, long target, long bytes) {
    for (long done = 0; done < bytes; done += MOST) {
      long count = Math.min(MOST, bytes - done);
      new Pointer(target + done)
          .getByteBuffer(0, count)
          .put(new Pointer(source + done).getByteBuffer(0, count));
    }
  }

  /** Ends the processes of all ranks, if this one is to. */
  void abortIfAsked() {
    int code = aborting.get();
    if (code != 0) {
      MpiFunctions.MPI_Abort(handles.world(), code);
    }
  }

  /** Waits for the end of the request. */
  private void await(String what) {
    long start = System.nanoTime();
    for (int polls = 1; ; polls++) {
      check("MPI_Test", MpiFunctions.MPI_Test(request, number, family.ignoredStatus()));
      if (number.getInt(0) != 0) {
        return;
      }
      abortIfAsked();
      if (polls > SPINS) {
        LockSupport.parkNanos(PAUSE);
        if (!limit.isZero() && System.nanoTime() - start > limit.toNanos()) {
          throw new CollectivesException(
              String.format(
                  Locale.ROOT,
                  "%s: all of %d ranks expected within %d s, got some; look at the logs of the"
                      + " others, or raise -D%s=",
                  what,
                  size,
                  limit.toSeconds(),
                  MpiCollectives.LIMIT));
        }
      }
    }
  }

  private void check(String function, int code) {
    if (code != 0) {
      throw new CollectivesException(
          String.format(Locale.ROOT, "mpi: %s expected to succeed, got %s", function, error(code)));
    }
  }

  private static String error(int code) {
    try (Memory text = new Memory(1024); // no library's messages are longer
        Memory length = new Memory(Integer.BYTES)) {
      if (MpiFunctions.MPI_Error_string(code, text, length) != 0) {
        return "code " + code;
      }
      byte[] bytes = text.getByteArray(0, length.getInt(0));
      return new String(bytes, StandardCharsets.UTF_8).strip();
    }
  }

  private long type(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> handles.float32();
      case FLOAT64 -> handles.float64();
      case INT64 -> handles.int64();
      default -> handles.bytes();
    };
  }

  private long op(Reduction reduction) {
    return switch (reduction) {
      case SUM -> handles.sum();
      case MAX -> handles.max();
      case MIN -> handles.min();
    };
  }
}
