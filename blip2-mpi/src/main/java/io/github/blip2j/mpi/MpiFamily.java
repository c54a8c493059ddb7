package io.github.blip2j.mpi;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import io.github.blip2j.distributed.Launcher;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Libraries with one binary interface. C programs get these constants from {@code mpi.h}; a handle
 * is an address in some and an int in others, and is passed in 64 bits to both.
 */
enum MpiFamily {
  /** Open MPI 4 and 5: handles are addresses of variables. */
  OPEN_MPI("openmpi", "Open MPI", "libmpi.so.40", Launcher.Kind.OPEN_MPI, 1, 0, 1) {
    @Override
    Handles handles(NativeLibrary library) {
      return new Handles(
          address(library, "ompi_mpi_comm_world"),
          address(library, "ompi_mpi_errors_return"),
          address(library, "ompi_mpi_float"),
          address(library, "ompi_mpi_double"),
          address(library, "ompi_mpi_long_long_int"),
          address(library, "ompi_mpi_byte"),
          address(library, "ompi_mpi_op_sum"),
          address(library, "ompi_mpi_op_max"),
          address(library, "ompi_mpi_op_min"));
    }
  },

  /** MPICH 3 and 4, Intel MPI and others with MPICH's interface: handles are ints. */
  MPICH(
      "mpich", "MPICH or Intel MPI", "libmpich.so.12 libmpi.so.12", Launcher.Kind.HYDRA, -1, 1, 1) {
    @Override
    Handles handles(NativeLibrary library) {
      return new Handles(
          0x44000000,
          0x54000001,
          0x4c00040a,
          0x4c00080b,
          0x4c000809,
          0x4c00010d,
          0x58000003,
          0x58000001,
          0x58000002);
    }
  },

  /** The binary interface of the standard (MPI 5.0, chapter 20): handles are small pointers. */
  STANDARD("abi", "the standard's interface", "libmpi_abi.so.0 libmpi_abi.so", null, 1, 0, 1024) {
    @Override
    Handles handles(NativeLibrary library) {
      return new Handles(0x101, 0x143, 0x210, 0x214, 0x20b, 0x247, 0x21, 0x23, 0x22);
    }
  };

  /**
   * Predefined handles.
   *
   * @param world the communicator of all ranks
   * @param errorsReturn the handler that returns error codes
   * @param float32 the type of FLOAT32; the others alike
   */
  record Handles(
      long world,
      long errorsReturn,
      long float32,
      long float64,
      long int64,
      long bytes,
      long sum,
      long max,
      long min) {}

  private final String key;
  private final String title;
  private final String libraries; // separated by spaces
  private final Launcher.@Nullable Kind launcher; // null: any
  private final long inPlace;
  private final long ignoredStatus;
  private final int funneled;

  MpiFamily(
      String key,
      String title,
      String libraries,
      Launcher.@Nullable Kind launcher,
      long inPlace,
      long ignoredStatus,
      int funneled) {
    this.key = key;
    this.title = title;
    this.libraries = libraries;
    this.launcher = launcher;
    this.inPlace = inPlace;
    this.ignoredStatus = ignoredStatus;
    this.funneled = funneled;
  }

  /** The predefined handles in a loaded library. */
  abstract Handles handles(NativeLibrary library);

  /** The name for {@code -Dblip2.mpi=}. */
  String key() {
    return key;
  }

  /** The name for messages. */
  String title() {
    return title;
  }

  /** The names of the library, as the dynamic linker knows them. */
  List<String> libraries() {
    return List.of(libraries.split(" ", -1));
  }

  /** Whether processes of such a launcher find each other through this library. */
  boolean fits(Launcher.Kind kind) {
    return launcher == null || launcher == kind || kind == Launcher.Kind.PMIX;
  }

  /** {@code MPI_IN_PLACE}. */
  long inPlace() {
    return inPlace;
  }

  /** {@code MPI_STATUS_IGNORE}. */
  long ignoredStatus() {
    return ignoredStatus;
  }

  /** {@code MPI_THREAD_FUNNELED}: one thread makes all calls. */
  int funneled() {
    return funneled;
  }

  private static long address(NativeLibrary library, String variable) {
    return Pointer.nativeValue(library.getGlobalVariableAddress(variable));
  }
}
