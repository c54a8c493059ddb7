package io.github.blip2j.mpi;

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import io.github.blip2j.backend.NativeFolder;
import io.github.blip2j.distributed.Launcher;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An MPI library of this machine, loaded but not started.
 *
 * @param file as the dynamic linker was asked for it
 * @param version the first line of what it says of itself
 */
record MpiLibrary(MpiFamily family, String file, String version, NativeLibrary library) {
  static final String PROPERTY = "blip2.mpi";
  static final String VARIABLE = "BLIP2_MPI";

  private static final Logger LOG = LoggerFactory.getLogger(MpiLibrary.class);
  private static final int LONGEST_VERSION = 8192;
  private static final String REDUCTIONS = "OMPI_MCA_coll_libnbc_iallreduce_algorithm";
  private static final String RABENSEIFNER = "3";
  private static final Pattern OPEN_MPI = Pattern.compile("Open MPI v?(\\d{1,4})\\.(\\d{1,4})");
  private static final int LAZY = 1;
  private static final int GLOBAL = 0x100; // on Linux; Open MPI's plug-ins look for its symbols

  static {
    NativeFolder.prepare(); // where JNA unpacks its library
    leaveSignals();
  }

  /**
   * Keeps UCX, which both families may load, from handling the signals that Java makes its
   * exceptions of: the first null in compiled code would end the process. UCX reads the variable
   * when it is loaded.
   */
  private static void leaveSignals() {
    set("UCX_ERROR_SIGNALS", "", true);
  }

  private static void set(String variable, String value, boolean replacing) {
    try {
      Function.getFunction("c", "setenv")
          .invokeInt(new Object[] {variable, value, replacing ? 1 : 0});
    } catch (UnsatisfiedLinkError e) {
      LOG.warn("{}: expected to be set, got {}; set it to '{}'", variable, e.toString(), value);
    }
  }

  /**
   * Has Open MPI reduce by Rabenseifner's algorithm, unless the user has chosen another: each rank
   * sends 2 (R - 1) / R times the bytes. By default its reductions beside other work go up and down
   * a tree, of which some ranks send log R times as much. MPI reads the variable when it starts.
   */
  void chooseReductions() {
    if (reducesByTrees(version)) {
      set(REDUCTIONS, RABENSEIFNER, false);
    }
  }

  /** Whether it is an Open MPI that can do otherwise: 4.1 or later. */
  static boolean reducesByTrees(String version) {
    Matcher matcher = OPEN_MPI.matcher(version);
    if (!matcher.lookingAt()) {
      return false;
    }
    int major = Integer.parseInt(matcher.group(1));
    return major > 4 || (major == 4 && Integer.parseInt(matcher.group(2)) >= 1);
  }

  /** What the user asks for; null if nothing. */
  static @Nullable String asked() {
    @Nullable String property = System.getProperty(PROPERTY);
    return property == null ? System.getenv(VARIABLE) : property;
  }

  /**
   * The library to be used.
   *
   * @param asked {@code openmpi}, {@code mpich}, {@code abi}, or a library's file; null for that of
   *     the launcher
   * @throws IllegalStateException if there is none, or it is not that of the launcher
   */
  static MpiLibrary find(@Nullable String asked, Optional<Launcher> launcher) {
    if (asked == null) {
      return first(
          Arrays.stream(MpiFamily.values())
              .filter(family -> launcher.isEmpty() || family.fits(launcher.get().kind()))
              .flatMap(family -> family.libraries().stream())
              .toList(),
          launcher);
    }
    MpiLibrary found =
        first(
            Arrays.stream(MpiFamily.values())
                .filter(family -> family.key().equals(asked))
                .findFirst()
                .map(MpiFamily::libraries)
                .orElse(List.of(asked)),
            launcher);
    if (launcher.isPresent() && !found.family.fits(launcher.get().kind())) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "mpi: library expected of what started this process as %s, got %s, as %s names; each"
                  + " process would be alone: start with the mpirun of that library, or name none",
              launcher.get(),
              found,
              System.getProperty(PROPERTY) == null ? VARIABLE : PROPERTY));
    }
    return found;
  }

  /** The first of these that loads. */
  static MpiLibrary first(List<String> files, Optional<Launcher> launcher) {
    List<String> reasons = new ArrayList<>();
    for (String file : files) {
      try {
        return load(file);
      } catch (UnsatisfiedLinkError e) {
        // JNA's first line repeats the name; the linker's reason is in the second
        List<String> lines = String.valueOf(e.getMessage()).lines().toList();
        reasons.add(lines.get(Math.min(1, lines.size() - 1)));
      }
    }
    throw new IllegalStateException(
        String.format(
            Locale.ROOT,
            "mpi: library expected (%s)%s, got none; on Debian and Ubuntu install openmpi-bin, or"
                + " mpich for the mpirun of MPICH; or name one: -D%s=openmpi, mpich, abi or a"
                + " file (%s)",
            String.join(" or ", files),
            launcher.map(it -> ", as this process was started as " + it).orElse(""),
            PROPERTY,
            reasons.stream().distinct().collect(Collectors.joining("; "))));
  }

  private static MpiLibrary load(String file) {
    NativeLibrary library =
        NativeLibrary.getInstance(file, Map.of(Library.OPTION_OPEN_FLAGS, LAZY | GLOBAL));
    try (Memory text = new Memory(LONGEST_VERSION);
        Memory length = new Memory(Integer.BYTES)) {
      int code =
          library.getFunction("MPI_Get_library_version").invokeInt(new Object[] {text, length});
      if (code != 0) {
        throw new UnsatisfiedLinkError(file + ": MPI_Get_library_version returned " + code);
      }
      String all =
          new String(
              text.getByteArray(0, Math.min(LONGEST_VERSION, length.getInt(0))),
              StandardCharsets.UTF_8);
      return new MpiLibrary(family(file, library), file, summary(all), library);
    }
  }

  private static MpiFamily family(String file, NativeLibrary library) {
    if (file.contains("mpi_abi")) {
      return MpiFamily.STANDARD;
    }
    try {
      library.getGlobalVariableAddress("ompi_mpi_comm_world");
      return MpiFamily.OPEN_MPI;
    } catch (UnsatisfiedLinkError e) {
      return MpiFamily.MPICH;
    }
  }

  /** The name and version: up to the first comma, or the first two words of a table. */
  static String summary(String version) {
    String line = version.replace('\0', ' ').lines().findFirst().orElse("").split(",", 2)[0];
    return line.replace("Version:", "").strip().replaceAll("\\s+", " ");
  }

  @Override
  public String toString() {
    return version + " (" + file + ")";
  }
}
