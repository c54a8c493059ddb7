package io.github.blip2j.tensor;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The kernels of this process: the fastest provider that can run, or the one the user names. */
final class KernelChoice {
  private static final Logger LOG = LoggerFactory.getLogger(KernelChoice.class);
  private static final String PROPERTY = "blip2.kernels";

  static final Kernels KERNELS = choose(System.getProperty(PROPERTY), providers()).create();

  private static final Set<Precision> TOLD = ConcurrentHashMap.newKeySet(); // once is enough

  private KernelChoice() {}

  /** Says so where rounding factors to {@code precision} gains nothing. */
  static void warnIfSlow(Precision precision) {
    String complaint = complaint(precision, KERNELS);
    if (complaint != null && TOLD.add(precision)) {
      LOG.warn(complaint);
    }
  }

  static @Nullable String complaint(Precision precision, Kernels kernels) {
    return precision == Precision.FLOAT32 || kernels.gainsBy(precision)
        ? null
        : String.format(
            Locale.ROOT,
            "%s: kernels that multiply it expected, got %s, which round to it and multiply float32"
                + " here; float32 is faster",
            precision,
            kernels.name());
  }

  static Kernels.Provider choose(@Nullable String name, List<Kernels.Provider> providers) {
    Kernels.Provider chosen =
        providers.stream()
            .filter(provider -> name == null || provider.name().equals(name))
            .max(Comparator.comparingInt(provider -> provider.support().speed()))
            .orElseThrow(() -> unknown(name, providers));
    if (chosen.support().speed() == 0) {
      throw new IllegalStateException(
          PROPERTY
              + ": provider expected to run here, got "
              + chosen.name()
              + ", which cannot: "
              + chosen.support().reason());
    }
    LOG.info("kernels: {} ({})", chosen.name(), chosen.support().reason());
    return chosen;
  }

  /** The reference, and whatever else is on the class path. */
  static List<Kernels.Provider> providers() {
    List<Kernels.Provider> providers = new ArrayList<>();
    providers.add(new Nd4jKernels.Nd4jProvider());
    ServiceLoader.load(Kernels.Provider.class).forEach(providers::add);
    return providers;
  }

  private static IllegalStateException unknown(
      @Nullable String name, List<Kernels.Provider> providers) {
    String names =
        providers.stream().map(Kernels.Provider::name).collect(Collectors.joining(" or "));
    return new IllegalStateException(PROPERTY + ": expected " + names + ", got " + name);
  }
}
