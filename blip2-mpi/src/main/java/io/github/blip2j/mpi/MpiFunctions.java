package io.github.blip2j.mpi;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * MPI's functions by their own names (MPI 4.0). A process has one MPI library at most, so they are
 * static. Addresses and handles are longs: a handle that is an int in C is read from the lower half
 * of its register or place on the stack, on 64-bit Linux.
 */
final class MpiFunctions {
  private MpiFunctions() {}

  /** Binds them to a loaded library. */
  static void bind(MpiLibrary library) {
    Native.register(MpiFunctions.class, library.library());
  }

  static native int MPI_Init_thread(
      @Nullable Pointer argc, @Nullable Pointer argv, int required, Pointer provided);

  static native int MPI_Finalize();

  static native int MPI_Abort(long comm, int code);

  static native int MPI_Comm_rank(long comm, Pointer rank);

  static native int MPI_Comm_size(long comm, Pointer size);

  static native int MPI_Comm_set_errhandler(long comm, long handler);

  static native int MPI_Error_string(int code, Pointer text, Pointer length);

  static native int MPI_Get_processor_name(Pointer text, Pointer length);

  static native int MPI_Type_size(long type, Pointer size);

  static native int MPI_Iallreduce(
      long source, long target, int count, long type, long op, long comm, Pointer request);

  static native int MPI_Iallgather(
      long source,
      int sent,
      long sentType,
      long target,
      int received,
      long receivedType,
      long comm,
      Pointer request);

  static native int MPI_Ialltoall(
      long source,
      int sent,
      long sentType,
      long target,
      int received,
      long receivedType,
      long comm,
      Pointer request);

  static native int MPI_Ireduce_scatter_block(
      long source, long target, int count, long type, long op, long comm, Pointer request);

  static native int MPI_Ireduce(
      long source,
      long target,
      int count,
      long type,
      long op,
      int root,
      long comm,
      Pointer request);

  static native int MPI_Ibcast(long at, int count, long type, int root, long comm, Pointer request);

  static native int MPI_Ibarrier(long comm, Pointer request);

  static native int MPI_Test(Pointer request, Pointer flag, long status);
}
