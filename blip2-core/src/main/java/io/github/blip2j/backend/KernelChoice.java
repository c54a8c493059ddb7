package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.Precision;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Selects the kernels of this process: the fastest available provider, or the one that the user
 * names.
 */
public final class KernelChoice {
  private static final Logger LOG = LoggerFactory.getLogger(KernelChoice.class);
  private static final String PROPERTY = "blip2.kernels";

  private static final String REFERENCE = "nd4j";
  private static final int MOST_FAILED = 100; // a broken class path may fail without end

  private static volatile @Nullable Kernels chosen;
  private static volatile @Nullable Kernels reference;

  private static final Set<Precision> TOLD = ConcurrentHashMap.newKeySet(); // warn once

  private KernelChoice() {}

  /** The kernels of this process, selected at the first call. */
  public static Kernels kernels() {
    Kernels kernels = chosen;
    return kernels == null ? chooseOnce() : kernels;
  }

  // Not a static initializer: an error is then reported directly, each time.
  private static synchronized Kernels chooseOnce() {
    Kernels kernels = chosen;
    if (kernels == null) {
      Kernels.Provider provider = choose(System.getProperty(PROPERTY), providers());
      kernels = provider.name().equals(REFERENCE) ? reference() : provider.create();
      chosen = kernels;
    }
    return kernels;
  }

  /** The reference kernels, which implement everything. */
  static Kernels reference() {
    Kernels kernels = reference;
    return kernels == null ? createReference() : kernels;
  }

  private static synchronized Kernels createReference() {
    Kernels kernels = reference;
    if (kernels == null) {
      List<Kernels.Provider> providers = providers();
      kernels =
          providers.stream()
              .filter(provider -> provider.name().equals(REFERENCE))
              .findFirst()
              .orElseThrow(() -> noReference(providers))
              .create();
      reference = kernels;
    }
    return kernels;
  }

  /** Warns once if products in {@code precision} are not faster here. */
  public static void warnIfSlow(Precision precision) {
    String complaint = complaint(precision, kernels());
    if (complaint != null && TOLD.add(precision)) {
      LOG.warn(complaint);
    }
  }

  static @Nullable String complaint(Precision precision, Kernels kernels) {
    return precision == Precision.FLOAT32 || kernels.accelerates(precision)
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

  /**
   * Providers of this library's class loader, then those of the thread's context class loader. With
   * the class loaders of application servers and fat jars, threads of common pools see fewer
   * classes than the library, and plug-ins see more.
   */
  static List<Kernels.Provider> providers() {
    Map<Class<?>, Kernels.Provider> providers = new LinkedHashMap<>();
    ServiceLoader.load(Kernels.Provider.class, Kernels.class.getClassLoader())
        .forEach(provider -> providers.put(provider.getClass(), provider));
    var besides = ServiceLoader.load(Kernels.Provider.class).iterator();
    for (int failed = 0; failed < MOST_FAILED; ) {
      try {
        if (!besides.hasNext()) {
          break;
        }
        Kernels.Provider provider = besides.next();
        providers.putIfAbsent(provider.getClass(), provider);
      } catch (ServiceConfigurationError e) {
        LOG.debug("kernels: of another copy of this library: {}", e.toString());
        failed++;
      }
    }
    return List.copyOf(providers.values());
  }

  private static IllegalStateException noReference(List<Kernels.Provider> providers) {
    return new IllegalStateException(
        "kernels: provider "
            + REFERENCE
            + " expected, got "
            + (providers.isEmpty() ? "none" : names(providers))
            + "; a jar made of several has to join their files under META-INF/services");
  }

  private static IllegalStateException unknown(
      @Nullable String name, List<Kernels.Provider> providers) {
    return new IllegalStateException(PROPERTY + ": expected " + names(providers) + ", got " + name);
  }

  private static String names(List<Kernels.Provider> providers) {
    return providers.stream().map(Kernels.Provider::name).collect(Collectors.joining(" or "));
  }
}
