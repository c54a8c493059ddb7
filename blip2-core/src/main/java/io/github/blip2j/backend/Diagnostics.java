package io.github.blip2j.backend;

import com.sun.jna.Function;
import io.github.blip2j.tensor.types.Precision;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * The machine's features for tensors and those in use, to diagnose slowness and failures. Values
 * are text, in reading order.
 */
public final class Diagnostics {
  static {
    Natives.prepare(); // before Pointer reads its limits
  }

  private static final long ROOM_FOR_NATIVES = 256L << 20; // a build of ND4J, OpenBLAS and oneDNN

  private static final List<String> TELLING_FLAGS =
      List.of(
          "avx2",
          "fma",
          "avx512f",
          "avx512bw",
          "avx512_vnni",
          "avx512_bf16",
          "amx_tile",
          "amx_bf16",
          "amx_int8");

  private Diagnostics() {}

  /** The CPU's feature flags in Linux's spelling; empty if the system has none. */
  public static Set<String> cpuFlags() {
    return Natives.cpuFlags();
  }

  /** The processor: model, cores, and the extensions that decide which kernels run. */
  public static Map<String, String> cpu() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("model", cpuModel());
    values.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
    Set<String> flags = Natives.cpuFlags();
    List<String> telling = TELLING_FLAGS.stream().filter(flags::contains).toList();
    values.put("extensions", telling.isEmpty() ? "none known" : String.join(" ", telling));
    return values;
  }

  /** Memory of the machine and the limits for tensors. */
  public static Map<String, String> memory() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("physical", mebibytes(SystemMemory.HERE.physical()));
    long available = SystemMemory.HERE.available();
    values.put("available", available == Long.MAX_VALUE ? "unknown" : mebibytes(available));
    values.put("heap limit", mebibytes(Runtime.getRuntime().maxMemory()));
    values.put("blip2.memory.limit", System.getProperty("blip2.memory.limit", "none"));
    values.put("javacpp maxbytes", limit(Pointer.maxBytes()));
    values.put("javacpp maxphysicalbytes", limit(Pointer.maxPhysicalBytes()));
    return values;
  }

  /**
   * ND4J, its BLAS and its threads.
   *
   * @throws LinkageError if its native libraries do not load
   */
  public static Map<String, String> nd4j() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("backend", Nd4j.getBackend().getClass().getSimpleName());
    String build = System.getProperty(Natives.EXTENSION, "");
    values.put("build", Loader.getPlatform() + build);
    values.put("blas", Nd4j.factory().blas().getBlasVendor().toString());
    var natives = NativeOpsHolder.getInstance().getDeviceNativeOps();
    values.put("openmp threads", Integer.toString(natives.ompGetMaxThreads()));
    values.put("openmp wait policy", environment("OMP_WAIT_POLICY"));
    return values;
  }

  /** A backend and its device; all backends, and why they run here or not. */
  public static Map<String, String> backends(Backend chosen) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("chosen", chosen.name() + " on " + chosen.device());
    boolean narrow = chosen.kernels().accelerates(Precision.BFLOAT16);
    values.put("bfloat16 products", narrow ? "faster than float32" : "no faster than float32");
    Backend.available().forEach((name, support) -> values.put(name, support.reason()));
    return values;
  }

  /** The folder that JavaCPP unpacks native libraries to. */
  public static Path nativeCache() throws IOException {
    File folder = Loader.getCacheDir();
    if (folder == null) {
      throw new IOException(
          "javacpp: cache folder expected, got none; set org.bytedeco.javacpp.cachedir");
    }
    return folder.toPath();
  }

  /**
   * The reason why native libraries did not load, if their folder shows it: on a full disk JavaCPP
   * continues with incomplete files, which then fail to load.
   */
  public static Optional<String> nativeShortage() {
    try {
      Path folder = nativeCache();
      long left = Files.getFileStore(folder).getUsableSpace();
      return left > ROOM_FOR_NATIVES
          ? Optional.empty()
          : Optional.of(
              folder
                  + ": room expected to unpack native libraries, got "
                  + MemoryPool.inWords(left)
                  + " left; make some, or name another folder with -D"
                  + NativeFolder.PROPERTY
                  + "=");
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The C library and its version, {@code unknown} if it has no version function. */
  public static String libc() {
    try {
      return "glibc " + Function.getFunction("c", "gnu_get_libc_version").invokeString(null, false);
    } catch (UnsatisfiedLinkError e) {
      return "unknown"; // musl and the libraries of other systems have no such function
    }
  }

  private static String environment(String name) {
    try {
      // Natives sets variables behind the back of System.getenv.
      String value = Function.getFunction("c", "getenv").invokeString(new Object[] {name}, false);
      return value == null ? "default" : value;
    } catch (UnsatisfiedLinkError e) {
      return System.getenv().getOrDefault(name, "default");
    }
  }

  private static String cpuModel() {
    Path cpuinfo = Path.of("/proc/cpuinfo");
    List<String> models = new ArrayList<>();
    if (Files.isReadable(cpuinfo)) {
      try (var lines = Files.lines(cpuinfo)) {
        lines.filter(line -> line.startsWith("model name")).limit(1).forEach(models::add);
      } catch (IOException e) {
        return "unknown";
      }
    }
    return models.isEmpty()
        ? System.getProperty("os.arch")
        : models.get(0).substring(models.get(0).indexOf(':') + 1).strip();
  }

  private static String limit(long bytes) {
    return bytes <= 0 ? "none" : mebibytes(bytes);
  }

  private static String mebibytes(long bytes) {
    return (bytes >> 20) + " MiB";
  }
}
